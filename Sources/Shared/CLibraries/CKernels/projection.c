#include "context.h"
#include "projection_kernels.h"

// MARK: Outputs shared among the threads.

/// Outputs that the kernels take at a time, and rows or columns of a packed group.
enum { lanes = 8 };

typedef struct share_tasks {
    size_t outputs, blocks, parts;
    ck_outputs body;
    void *argument;
} share_tasks;

static void run_share(void *argument, size_t task, int thread) {
    const share_tasks *all = argument;
    const size_t first = all->blocks * task / all->parts * lanes, last = all->blocks * (task + 1) / all->parts * lanes;
    all->body(all->argument, first, least(last, all->outputs), thread);
}

static void share(ck_context *context, size_t outputs, size_t threads, ck_outputs body, void *argument) {
    const size_t blocks = (outputs + lanes - 1) / lanes;
    share_tasks all = {outputs, blocks, least(threads, blocks), body, argument};
    run(context, all.parts, run_share, &all);
}

void ck_share(ck_context *context, size_t outputs, ck_outputs body, void *argument) {
    share(context, outputs, (size_t)ck_pool_threads(context->pool), body, argument);
}

/// As `ck_share`, on no more threads than so many multiply-adds for each output are worth waking.
static void share_work(ck_context *context, size_t outputs, size_t work, ck_outputs body, void *argument) {
    const size_t worth = outputs * work / ((size_t)1 << 18) + 1;
    share(context, outputs, least(worth, (size_t)ck_pool_threads(context->pool)), body, argument);
}

/// Memory for `count` floats in the place of what is there, which is lost. NULL when memory is refused.
static float *reserve(float **memory, size_t *held, size_t count) {
    if (count > *held) {
        memory_free(*memory, *held * sizeof(float));
        *memory = memory_allocate(count * sizeof(float));
        *held = *memory ? count : 0;
    }
    return *memory;
}

// MARK: Prediction

/// Transposes x [rows, inputs] into groups of rows: [groups, inputs, lanes]. The last group is padded with zeros.
static void pack_rows(const float *x, size_t rows, size_t inputs, float *packed) {
    for (size_t row = 0; row < rows; row += lanes) {
        float *group = packed + row * inputs;
        for (size_t i = 0; i < inputs; i++) {
            for (size_t lane = 0; lane < lanes; lane++) {
                group[i * lanes + lane] = row + lane < rows ? x[(row + lane) * inputs + i] : 0;
            }
        }
    }
}

typedef struct predict_job {
    ck_path path;
    const float *w, *packed, *y;
    size_t outputs, inputs, rows;
    float *out;
} predict_job;

static void run_predict(void *argument, size_t first, size_t last, int thread) {
    (void)thread;
    const predict_job *job = argument;
    DISPATCH(job->path, predict, job->w, job->outputs, job->inputs, first, last, job->packed, job->rows, job->y,
             job->out);
}

bool ck_predict(
    ck_context *context, const float *w, size_t outputs, size_t inputs, const float *x, size_t rows, const float *y,
    float *out) {
    float *packed = reserve(&context->packed, &context->packed_floats, round_up(rows, lanes) * inputs);
    if (!packed) return false;
    pack_rows(x, rows, inputs, packed);
    predict_job job = {context->path, w, packed, y, outputs, inputs, rows, out};
    share_work(context, outputs, inputs * rows, run_predict, &job);
    return true;
}

// MARK: Gradient and step

typedef struct gradient_job {
    ck_path path;
    const ck_shard *shard;
    size_t outputs, inputs;
    float *g;
} gradient_job;

static void run_gradient(void *argument, size_t first, size_t last, int thread) {
    (void)thread;
    const gradient_job *job = argument;
    DISPATCH(job->path, gradient, job->shard, job->outputs, job->inputs, first, last, job->g);
}

void ck_gradient(ck_context *context, const ck_shard *shard, size_t outputs, size_t inputs, float *g) {
    gradient_job job = {context->path, shard, outputs, inputs, g};
    share_work(context, outputs, inputs * shard->rows, run_gradient, &job);
}

typedef struct step_job {
    ck_path path;
    float *w, *m, *v;
    size_t outputs, inputs;
    const ck_shard *shards;
    size_t shard_count;
    const ck_adam *adam;
} step_job;

static void run_step(void *argument, size_t first, size_t last, int thread) {
    (void)thread;
    const step_job *job = argument;
    DISPATCH(job->path, step, job->w, job->m, job->v, job->outputs, job->inputs, first, last, job->shards,
             job->shard_count, job->adam);
}

void ck_step(
    ck_context *context, float *w, float *m, float *v, size_t outputs, size_t inputs, const ck_shard *shards,
    size_t shard_count, const ck_adam *adam) {
    step_job job = {context->path, w, m, v, outputs, inputs, shards, shard_count, adam};
    // A step reads and writes W and the moments, besides what it computes.
    size_t rows = 8;
    for (size_t s = 0; s < shard_count; s++) rows += shards[s].rows;
    share_work(context, outputs, inputs * rows, run_step, &job);
}

// MARK: Sums of squares. The square of a float is exact in double, so a fused sum would have the same bits.

void ck_squares(const float *e, size_t rows, size_t outputs, double *sums) {
    for (size_t o = 0; o < outputs; o++) sums[o] = 0;
    for (size_t r = 0; r < rows; r++) {
        const float *row = e + r * outputs;
        for (size_t o = 0; o < outputs; o++) sums[o] += (double)row[o] * (double)row[o];
    }
}

/// Cuts x [rows, columns] into panels of columns: [panels, rows, lanes]. The last panel is padded with zeros.
static void pack_columns(const float *x, size_t rows, size_t columns, float *packed) {
    for (size_t column = 0; column < columns; column += lanes) {
        float *panel = packed + column * rows;
        size_t count = least(lanes, columns - column);
        for (size_t r = 0; r < rows; r++) {
            for (size_t lane = 0; lane < lanes; lane++) {
                panel[r * lanes + lane] = lane < count ? x[r * columns + column + lane] : 0;
            }
        }
    }
}

typedef struct cross_job {
    ck_path path;
    const float *x, *y;
    size_t rows, inputs;
    double *sums;
} cross_job;

static void run_cross(void *argument, size_t first, size_t last, int thread) {
    (void)thread;
    const cross_job *job = argument;
    DISPATCH(job->path, cross, job->x, job->y, job->rows, job->inputs, first / lanes, (last + lanes - 1) / lanes,
             job->sums);
}

bool ck_cross_norm(
    ck_context *context, const float *x, size_t inputs, const float *y, size_t outputs, size_t rows, double *norm) {
    const size_t columns = round_up(outputs, lanes);
    float *x_panels = reserve(&context->packed, &context->packed_floats, round_up(inputs, lanes) * rows);
    float *y_panels = reserve(&context->packed_targets, &context->packed_target_floats, columns * rows);
    double *sums = memory_allocate(columns * sizeof(double));
    if (x_panels && y_panels && sums) {
        pack_columns(x, rows, inputs, x_panels);
        pack_columns(y, rows, outputs, y_panels);
        cross_job job = {context->path, x_panels, y_panels, rows, inputs, sums};
        share_work(context, outputs, inputs * rows, run_cross, &job);
        *norm = 0;
        for (size_t o = 0; o < columns; o++) *norm += sums[o];
    }
    memory_free(sums, columns * sizeof(double));
    return x_panels && y_panels && sums;
}
