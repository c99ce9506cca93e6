#pragma once
#include <stdbool.h>
#include <stddef.h>

/// Threads that share out the tasks of one loop at a time.
typedef struct ck_pool ck_pool;

/// Task `task` of a loop, on thread `thread` (0 is the caller's).
typedef void (*ck_task)(void *argument, size_t task, int thread);

ck_pool *ck_pool_create(int threads);
void ck_pool_destroy(ck_pool *pool);
int ck_pool_threads(const ck_pool *pool);

/// Runs tasks 0 ..< count, in no promised order, and returns when all are done. The caller takes part.
void ck_pool_run(ck_pool *pool, size_t count, ck_task task, void *argument);
