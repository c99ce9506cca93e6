// A parallel for. Between loops the threads spin for a moment, since a model's step is dozens of short loops, and
// then sleep. A thread that the system has not scheduled in time is not waited for: it finds the loop closed.

#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#else
#define PAUSE() ((void)0)
#endif

// State of the current loop: generation in the high half, the open flag, and how many threads are inside.
#define OPEN (UINT64_C(1) << 31)
#define GENERATION(state) ((state) >> 32)

struct ck_pool {
    int threads;
    pthread_t *workers;
    int started;

    _Alignas(64) _Atomic uint64_t state;
    _Alignas(64) _Atomic size_t next;
    size_t count;
    ck_task task;
    void *argument;

    _Alignas(64) _Atomic int sleepers;
    _Atomic bool stop;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
};

typedef struct seat {
    ck_pool *pool;
    int thread;
} seat;

static void take_tasks(ck_pool *pool, int thread) {
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (task >= pool->count) return;
        pool->task(pool->argument, task, thread);
    }
}

static bool has_news(ck_pool *pool, uint64_t seen) {
    uint64_t state = atomic_load(&pool->state);
    return (state & OPEN) && GENERATION(state) != seen;
}

static void sleep_until_news(ck_pool *pool, uint64_t seen) {
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!atomic_load(&pool->stop) && !has_news(pool, seen)) pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *raw) {
    seat own = *(seat *)raw;
    free(raw);
    ck_pool *pool = own.pool;
    uint64_t seen = 0;
    int idle = 0;
    while (!atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
        uint64_t state = atomic_load_explicit(&pool->state, memory_order_acquire);
        if ((state & OPEN) && GENERATION(state) != seen) {
            if (!atomic_compare_exchange_strong(&pool->state, &state, state + 1)) continue;
            seen = GENERATION(state);
            take_tasks(pool, own.thread);
            atomic_fetch_sub_explicit(&pool->state, 1, memory_order_acq_rel);
            idle = 0;
        } else if (idle < 4000) {
            idle++;
            // Another process may want this core: give it up now and then while waiting.
            if (idle % 200 == 0) sched_yield(); else PAUSE();
        } else {
            sleep_until_news(pool, seen);
            idle = 0;
        }
    }
    return NULL;
}

ck_pool *ck_pool_create(int threads) {
    ck_pool *pool = aligned_alloc(64, (sizeof(ck_pool) + 63) / 64 * 64);
    if (!pool) return NULL;
    *pool = (ck_pool){.threads = threads};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->workers = calloc((size_t)threads, sizeof(pthread_t));
    bool complete = pool->workers != NULL;
    for (int thread = 1; complete && thread < threads; thread++) {
        seat *own = malloc(sizeof(seat));
        if (own) *own = (seat){pool, thread};
        complete = own && pthread_create(&pool->workers[pool->started], NULL, work, own) == 0;
        if (complete) pool->started++;
        else free(own);
    }
    if (complete) return pool;
    ck_pool_destroy(pool);
    return NULL;
}

void ck_pool_destroy(ck_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->started; i++) pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
    free(pool);
}

int ck_pool_threads(const ck_pool *pool) { return pool->threads; }

void ck_pool_run(ck_pool *pool, size_t count, ck_task task, void *argument) {
    if (pool->started == 0 || count <= 1) {
        for (size_t i = 0; i < count; i++) task(argument, i, 0);
        return;
    }
    // Nobody is inside between loops, so plain stores are safe until the loop opens.
    pool->count = count;
    pool->task = task;
    pool->argument = argument;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    uint64_t generation = GENERATION(atomic_load(&pool->state)) + 1;
    atomic_store(&pool->state, generation << 32 | OPEN);
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
    take_tasks(pool, 0);
    atomic_fetch_and(&pool->state, ~OPEN);
    for (int spins = 1; atomic_load_explicit(&pool->state, memory_order_acquire) & (OPEN - 1); spins++) {
        if (spins % 2000 == 0) sched_yield(); else PAUSE();
    }
}
