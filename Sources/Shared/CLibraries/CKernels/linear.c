// Cutting a linear layer into tasks. How it is cut changes no result: every output is computed by one task, from its
// row and its weights.

#include "context.h"
#include "dot.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

typedef struct linear_tasks {
    const path_kernels *kernels;
    linear_job job;
    size_t panel_end, panel_step, rows, row_groups;
} linear_tasks;

static void run_linear(void *raw, size_t task, int thread) {
    (void)thread;
    const linear_tasks *all = raw;
    // Row groups vary fastest: the same few panels then serve all rows while they are in the cache.
    const size_t panel = all->job.panel_begin + task / all->row_groups * all->panel_step;
    const size_t group = task % all->row_groups;
    const size_t panel_end = panel + all->panel_step < all->panel_end ? panel + all->panel_step : all->panel_end;
    all->kernels->linear(
        &all->job, panel, panel_end, all->rows * group / all->row_groups, all->rows * (group + 1) / all->row_groups);
}

static void multiply(ck_context *context, const linear_job *job, size_t panel_end, size_t rows) {
    const size_t threads = (size_t)ck_pool_threads(context->pool), panels = panel_end - job->panel_begin;
    const size_t row_groups = (rows + ROW_GROUP - 1) / ROW_GROUP;
    // At least four tasks a thread where there is work enough, of four panels at least where rows are few.
    size_t step = panels * row_groups / (threads * 4);
    if (row_groups == 1) step = step > 16 ? 16 : step < 4 ? (panels >= 8 * threads ? 4 : 1) : step / 4 * 4;
    else step = step > 8 ? 8 : step < 1 ? 1 : step;
    if (threads == 1) step = panels < 8 ? panels : 8;
    linear_tasks all = {context->kernels, *job, panel_end, step, rows, row_groups};
    run(context, (panels + step - 1) / step * row_groups, run_linear, &all);
}

// ---- Activations rounded to bfloat16

/// Rows whose rounded activations are held at a time.
#define ROUNDED_ROWS 512

bool ck_reserve_inputs(ck_context *context, size_t inputs) {
    // The kernels without the instruction take a rounded value as a float32: half as many rows fit.
    const size_t bytes = ROUNDED_ROWS * 2 * round_up(inputs, CK_PANEL);
    if (bytes <= context->rounded_bytes) return true;
    memory_free(context->rounded, context->rounded_bytes);
    context->rounded = memory_allocate(bytes);
    context->rounded_bytes = context->rounded ? bytes : 0;
    return context->rounded != NULL;
}

static float round_to_bfloat16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) bits = 0x7fc00000u;
    else bits = (bits + 0x7fffu + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&value, &bits, 4);
    return value;
}

typedef struct round_tasks {
    const float *x;
    size_t ldx, inputs, rows, tasks;
    float *to;
    size_t ldt;
} round_tasks;

static void run_round(void *raw, size_t task, int thread) {
    (void)thread;
    const round_tasks *all = raw;
    for (size_t r = all->rows * task / all->tasks; r < all->rows * (task + 1) / all->tasks; r++)
        for (size_t k = 0; k < all->inputs; k++)
            all->to[r * all->ldt + k] = round_to_bfloat16(all->x[r * all->ldx + k]);
}

static void multiply_rounded(ck_context *context, const linear_job *job, size_t panel_end, size_t rows) {
    const size_t stride = round_up(job->inputs, CK_PANEL);
    round_tasks rounding = {job->x, job->ldx, job->inputs, rows, row_tasks(context, rows), context->rounded, stride};
    run(context, rounding.tasks, run_round, &rounding);
    linear_job rounded = *job;
    rounded.x = context->rounded;
    rounded.ldx = stride;
    rounded.rounded = true;
    multiply(context, &rounded, panel_end, rows);
}

#if defined(__x86_64__)
typedef struct dot_tasks {
    dot_job job;
    const float *from;
    size_t ldx;
    uint32_t *to;
    size_t panel_end, panel_step, tile_groups, pack_tasks;
} dot_tasks;

static void run_dot_pack(void *raw, size_t task, int thread) {
    (void)thread;
    const dot_tasks *all = raw;
    dot_pack(
        &all->job, all->from, all->ldx, all->to, all->job.tiles * task / all->pack_tasks,
        all->job.tiles * (task + 1) / all->pack_tasks);
}

static void run_dot(void *raw, size_t task, int thread) {
    (void)thread;
    const dot_tasks *all = raw;
    const size_t panel = all->job.panel_begin + task / all->tile_groups * all->panel_step;
    const size_t group = task % all->tile_groups;
    const size_t panel_end = panel + all->panel_step < all->panel_end ? panel + all->panel_step : all->panel_end;
    dot_linear(
        &all->job, panel, panel_end, all->job.tiles * group / all->tile_groups,
        all->job.tiles * (group + 1) / all->tile_groups);
}

static void multiply_with_dot(ck_context *context, const linear_job *job, size_t panel_end, size_t rows) {
    const size_t threads = (size_t)ck_pool_threads(context->pool), panels = panel_end - job->panel_begin;
    const size_t tiles = dot_tiles(rows), groups = (tiles + DOT_TILES - 1) / DOT_TILES;
    dot_tasks all = {
        .job = {
            job->packed, job->inputs, job->panel_bytes, job->panel_begin, context->rounded, rows, tiles, job->y,
            job->ldy, job->add,
        },
        .from = job->x, .ldx = job->ldx, .to = context->rounded, .panel_end = panel_end, .tile_groups = groups,
        .pack_tasks = tiles < 4 ? 1 : tiles < 4 * threads ? tiles : 4 * threads,
    };
    run(context, all.pack_tasks, run_dot_pack, &all);
    // Eight panels a task, fewer where that would leave a thread without its share.
    size_t step = panels * groups / (threads * 4);
    step = step > DOT_PANELS ? DOT_PANELS : step < 1 ? 1 : step;
    all.panel_step = step;
    run(context, (panels + step - 1) / step * groups, run_dot, &all);
}
#endif

bool ck_linear(
    ck_context *context, ck_compute compute, ck_scalar scalar, const void *packed, size_t inputs, size_t panel_begin,
    size_t panel_end, const float *x, size_t ldx, size_t rows, float *y, size_t ldy, bool add) {
    if (rows == 0 || panel_end <= panel_begin) return true;
    linear_job job = {
        scalar, packed, inputs, ck_packed_bytes(scalar, CK_PANEL, inputs), panel_begin, x, ldx, y, ldy, add, false,
    };
    if (compute == CK_COMPUTE_FLOAT32 || scalar != CK_BFLOAT16) {
        multiply(context, &job, panel_end, rows);
        return true;
    }
    if (!ck_reserve_inputs(context, inputs)) return false;
    const size_t held = context->has_dot ? ROUNDED_ROWS : ROUNDED_ROWS / 2;
    for (size_t row = 0; row < rows; row += held) {
        const size_t count = rows - row < held ? rows - row : held;
        job.x = x + row * ldx;
        job.y = y + row * ldy;
#if defined(__x86_64__)
        if (context->has_dot) {
            multiply_with_dot(context, &job, panel_end, count);
            continue;
        }
#endif
        multiply_rounded(context, &job, panel_end, count);
    }
    return true;
}
