// Cutting an operation into tasks. How it is cut changes no result: every output is computed by one task, from
// its own inputs.

#include "context.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

// ---- Rows

typedef struct row_ranges {
    const path_kernels *kernels;
    size_t rows, tasks;
    const void *job;
} row_ranges;

static void run_rms_norm(void *raw, size_t task, int thread) {
    (void)thread;
    const row_ranges *all = raw;
    all->kernels->rms_norm(all->job, all->rows * task / all->tasks, all->rows * (task + 1) / all->tasks);
}

void ck_rms_norm(
    ck_context *context, const float *x, size_t ldx, const float *weight, float epsilon, size_t rows, size_t parts,
    size_t columns, float *y, size_t ldy) {
    norm_job job = {
        .x = x, .weight = weight, .ldx = ldx, .parts = parts, .columns = columns, .ldy = ldy, .epsilon = epsilon, .y = y,
    };
    row_ranges all = {context->kernels, rows, row_tasks(context, rows), &job};
    run(context, all.tasks, run_rms_norm, &all);
}

static void run_gated(void *raw, size_t task, int thread) {
    (void)thread;
    const row_ranges *all = raw;
    all->kernels->gated(all->job, all->rows * task / all->tasks, all->rows * (task + 1) / all->tasks);
}

void ck_gated(
    ck_context *context, ck_activation activation, const float *gate, const float *up, size_t ld, size_t rows,
    size_t columns, float *y, size_t ldy) {
    gated_job job = {activation, gate, up, ld, columns, ldy, y};
    row_ranges all = {context->kernels, rows, row_tasks(context, rows), &job};
    run(context, all.tasks, run_gated, &all);
}

typedef struct columns_job {
    const float *x;
    size_t ldx, columns, ldy;
    float cap, *y;
} columns_job;

static void run_add(void *raw, size_t task, int thread) {
    (void)thread;
    const row_ranges *all = raw;
    const columns_job *job = all->job;
    for (size_t row = all->rows * task / all->tasks; row < all->rows * (task + 1) / all->tasks; row++)
        for (size_t i = 0; i < job->columns; i++) job->y[row * job->ldy + i] += job->x[row * job->ldx + i];
}

void ck_add(
    ck_context *context, const float *x, size_t ldx, size_t rows, size_t columns, float *y, size_t ldy) {
    columns_job job = {.x = x, .ldx = ldx, .columns = columns, .ldy = ldy, .y = y};
    row_ranges all = {context->kernels, rows, row_tasks(context, rows), &job};
    run(context, all.tasks, run_add, &all);
}

static void run_soft_cap(void *raw, size_t task, int thread) {
    (void)thread;
    const row_ranges *all = raw;
    const columns_job *job = all->job;
    for (size_t row = all->rows * task / all->tasks; row < all->rows * (task + 1) / all->tasks; row++)
        all->kernels->soft_cap(job->y + row * job->ldy, job->columns, 1.0f, job->cap);
}

void ck_soft_cap(ck_context *context, float cap, size_t rows, size_t columns, float *x, size_t ldx) {
    columns_job job = {.columns = columns, .ldy = ldx, .cap = cap, .y = x};
    row_ranges all = {context->kernels, rows, row_tasks(context, rows), &job};
    run(context, all.tasks, run_soft_cap, &all);
}

size_t ck_argmax(const float *values, size_t count) { return ck_portable_kernels.argmax(values, count); }

// ---- Probabilities

typedef struct softmax_tasks {
    const path_kernels *kernels;
    const float *logits;
    size_t ld, columns;
    ck_softmax_sum *sums;
} softmax_tasks;

static void run_softmax_sum(void *raw, size_t row, int thread) {
    (void)thread;
    const softmax_tasks *all = raw;
    all->sums[row] = all->kernels->softmax_sum(all->logits + row * all->ld, all->columns);
}

void ck_softmax_sums(
    ck_context *context, const float *logits, size_t ld, size_t rows, size_t columns, ck_softmax_sum *sums) {
    softmax_tasks all = {context->kernels, logits, ld, columns, sums};
    run(context, rows, run_softmax_sum, &all);
}

typedef struct divergence_tasks {
    const path_kernels *kernels;
    const float *logits;
    size_t ld, columns;
    const ck_softmax_sum *sums;
    const ck_pair *pairs;
    double *divergences;
} divergence_tasks;

static void run_divergence(void *raw, size_t task, int thread) {
    (void)thread;
    const divergence_tasks *all = raw;
    const ck_pair pair = all->pairs[task];
    all->divergences[task] = all->kernels->divergence(
        all->logits + pair.first * all->ld, all->sums[pair.first], all->logits + pair.second * all->ld,
        all->sums[pair.second], all->columns);
}

void ck_divergences(
    ck_context *context, const float *logits, size_t ld, size_t columns, const ck_softmax_sum *sums,
    const ck_pair *pairs, size_t pair_count, double *divergences) {
    divergence_tasks all = {context->kernels, logits, ld, columns, sums, pairs, divergences};
    run(context, pair_count, run_divergence, &all);
}

// ---- Attention

size_t ck_key_cache_floats(ck_heads heads, size_t capacity) { return heads.kv_heads * capacity * heads.dimension; }

size_t ck_value_cache_floats(ck_heads heads, size_t capacity) {
    return heads.kv_heads * capacity * value_width(heads.dimension);
}

typedef struct attention_tasks {
    const path_kernels *kernels;
    attention_job job;
    const ck_sequence *sequences;
    size_t sequence_count;
    float **scratch;
} attention_tasks;

static size_t tiles_of(const attention_tasks *all, const ck_sequence *sequence) {
    const size_t group = all->job.heads.heads / all->job.heads.kv_heads;
    return (sequence->row_count * group + all->kernels->tile_rows - 1) / all->kernels->tile_rows;
}

static void run_attention(void *raw, size_t task, int thread) {
    const attention_tasks *all = raw;
    const size_t kv_heads = all->job.heads.kv_heads, group = all->job.heads.heads / kv_heads;
    for (size_t s = 0; s < all->sequence_count; s++) {
        const ck_sequence *sequence = &all->sequences[s];
        const size_t tiles = tiles_of(all, sequence);
        if (task >= tiles * kv_heads) {
            task -= tiles * kv_heads;
            continue;
        }
        // The last queries see most positions: they go first, so that no long task is left for the end.
        const size_t tile = tiles - 1 - task / kv_heads, queries = sequence->row_count * group;
        all->kernels->attention(
            &all->job, sequence, task % kv_heads, queries * tile / tiles, queries * (tile + 1) / tiles,
            all->scratch[thread]);
        return;
    }
}

static bool reserve_scratch(ck_context *context, size_t floats) {
    if (floats <= context->scratch_floats) return true;
    const int threads = ck_pool_threads(context->pool);
    const size_t previous = context->scratch_floats;
    context->scratch_floats = floats + floats / 2;
    for (int i = 0; i < threads; i++) {
        memory_free(context->scratch[i], previous * sizeof(float));
        context->scratch[i] = NULL;
    }
    for (int i = 0; i < threads; i++) {
        context->scratch[i] = memory_allocate(context->scratch_floats * sizeof(float));
        if (!context->scratch[i]) {
            for (int j = 0; j < i; j++) {
                memory_free(context->scratch[j], context->scratch_floats * sizeof(float));
                context->scratch[j] = NULL;
            }
            context->scratch_floats = 0;
            return false;
        }
    }
    return true;
}

bool ck_attention(
    ck_context *context, ck_heads heads, ck_scores scores, const ck_sequence *sequences, size_t sequence_count,
    const float *queries, size_t ldq, float *output, size_t ldo) {
    attention_tasks all = {
        context->kernels,
        {heads, queries, ldq, scores.scale, scores.soft_cap, scores.window, output, ldo},
        sequences, sequence_count, NULL,
    };
    size_t tasks = 0, longest = 0;
    for (size_t s = 0; s < sequence_count; s++) {
        const size_t positions = sequences[s].start + sequences[s].row_count;
        if (sequences[s].row_count && positions > longest) longest = positions;
        tasks += tiles_of(&all, &sequences[s]) * heads.kv_heads;
    }
    if (!reserve_scratch(context, attention_scratch(heads.dimension, longest))) return false;
    all.scratch = context->scratch;
    run(context, tasks, run_attention, &all);
    return true;
}
