#pragma once
#include "CMemory.h"
#include "jobs.h"
#include "pool.h"

struct ck_context {
    ck_path path;
    const path_kernels *kernels;
    ck_pool *pool;
    /// Each thread's memory for an attention tile, grown to what the longest sequence needs.
    float **scratch;
    size_t scratch_floats;
    /// What computes linear layers: see `ck_choose_linear`.
    const linear_kernel *linear[CK_PRODUCTS][CK_ROW_CLASSES];
    /// Rows of activations as these take them.
    uint32_t *rows;
    size_t rows_bytes;
    /// Activations as W's kernels take them.
    float *packed, *packed_targets;
    size_t packed_floats, packed_target_floats;
};

/// Runs tasks 0 ..< count on the context's threads.
static inline void run(ck_context *context, size_t count, ck_task task, void *argument) {
    ck_pool_run(context->pool, count, task, argument);
}

/// Tasks to cut `rows` cheap rows into: a few rows are not worth waking anybody for.
static inline size_t row_tasks(const ck_context *context, size_t rows) {
    size_t tasks = (size_t)ck_pool_threads(context->pool) * 4;
    return rows < 8 ? 1 : rows < tasks ? rows : tasks;
}
