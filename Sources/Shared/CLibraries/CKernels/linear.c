// Cutting a linear layer into tasks. How it is cut changes no result: every output is computed by one task, from its
// row and its weights.

#include "context.h"

#pragma STDC FP_CONTRACT OFF

/// Rows that are held packed at a time.
#define PACKED_ROWS 512

size_t ck_row_class(size_t rows) {
    size_t class = 0;
    while (class + 1 < CK_ROW_CLASSES && rows > ck_rows_of_class(class)) class++;
    return class;
}

size_t ck_rows_of_class(size_t class) {
    static const size_t rows[CK_ROW_CLASSES] = {1, 2, 4, 8, 12, 24, 64, 128};
    return rows[class];
}

bool ck_reserve_inputs(ck_context *context, size_t inputs) {
    // A lane for each input, and for the one that completes the last pair.
    const size_t bytes = PACKED_ROWS * sizeof(uint32_t) * round_up(inputs, 2);
    if (bytes <= context->rows_bytes) return true;
    memory_free(context->rows, context->rows_bytes);
    context->rows = memory_allocate(bytes);
    context->rows_bytes = context->rows ? bytes : 0;
    return context->rows != NULL;
}

typedef struct linear_tasks {
    const linear_kernel *kernel;
    linear_job job;
    const float *from;
    size_t ldx;
    size_t panel_end, panel_step, tile_groups, pack_tasks;
} linear_tasks;

static void run_pack(void *raw, size_t task, int thread) {
    (void)thread;
    const linear_tasks *all = raw;
    all->kernel->pack(
        &all->job, all->from, all->ldx, (uint32_t *)all->job.x, all->job.tiles * task / all->pack_tasks,
        all->job.tiles * (task + 1) / all->pack_tasks);
}

static void run_multiply(void *raw, size_t task, int thread) {
    (void)thread;
    const linear_tasks *all = raw;
    // Groups of tiles vary fastest: the same few panels then serve all rows while they are in the cache.
    const size_t panel = all->job.panel_begin + task / all->tile_groups * all->panel_step;
    const size_t group = task % all->tile_groups;
    const size_t panel_end = panel + all->panel_step < all->panel_end ? panel + all->panel_step : all->panel_end;
    all->kernel->multiply(
        &all->job, panel, panel_end, all->job.tiles * group / all->tile_groups,
        all->job.tiles * (group + 1) / all->tile_groups);
}

static void multiply(
    ck_context *context, const linear_kernel *kernel, linear_job job, size_t panel_end, const float *x, size_t ldx) {
    const size_t threads = (size_t)ck_pool_threads(context->pool), panels = panel_end - job.panel_begin;
    job.x = context->rows;
    job.lanes = kernel->pairs ? (job.inputs + 1) / 2 : job.rounded ? round_up(job.inputs, 2) : job.inputs;
    job.tiles = (job.rows + kernel->tile_rows - 1) / kernel->tile_rows;
    const size_t groups = (job.tiles + LINEAR_TILES - 1) / LINEAR_TILES;
    linear_tasks all = {
        .kernel = kernel, .job = job, .from = x, .ldx = ldx, .panel_end = panel_end, .tile_groups = groups,
        .pack_tasks = job.tiles < 4 ? 1 : job.tiles < 4 * threads ? job.tiles : 4 * threads,
    };
    run(context, all.pack_tasks, run_pack, &all);
    // Eight panels a task, fewer where that would leave a thread without its share.
    size_t step = panels * groups / (threads * 4);
    // Not fewer than kernels may take at once, where there are enough of them.
    if (job.is_small && step < 4 && panels >= 8 * threads) step = 4;
    all.panel_step = step > LINEAR_PANELS ? LINEAR_PANELS : step < 1 ? 1 : step;
    run(context, (panels + all.panel_step - 1) / all.panel_step * groups, run_multiply, &all);
}

static ck_product product_of(ck_compute compute, ck_scalar scalar) {
    switch (scalar) {
    case CK_FLOAT32: return CK_PRODUCT_FLOAT32;
    case CK_FLOAT16: return CK_PRODUCT_FLOAT16;
    case CK_BFLOAT16: return compute == CK_COMPUTE_BFLOAT16 ? CK_PRODUCT_ROUNDED : CK_PRODUCT_BFLOAT16;
    }
}

bool ck_linear(
    ck_context *context, ck_compute compute, ck_scalar scalar, const void *packed, size_t inputs, size_t panel_begin,
    size_t panel_end, const float *x, size_t ldx, size_t rows, float *y, size_t ldy, bool add) {
    if (rows == 0 || panel_end <= panel_begin) return true;
    if (!ck_reserve_inputs(context, inputs)) return false;
    const ck_product product = product_of(compute, scalar);
    for (size_t row = 0; row < rows; row += PACKED_ROWS) {
        const linear_job job = {
            .scalar = scalar, .packed = packed, .inputs = inputs,
            .panel_bytes = ck_packed_bytes(scalar, CK_PANEL, inputs), .panel_begin = panel_begin,
            .rows = rows - row < PACKED_ROWS ? rows - row : PACKED_ROWS, .y = y + row * ldy, .ldy = ldy, .add = add,
            .rounded = product == CK_PRODUCT_ROUNDED,
            .is_small = ck_packed_bytes(scalar, (panel_end - panel_begin) * CK_PANEL, inputs) <= SMALL_LAYER,
        };
        multiply(
            context, context->linear[product][ck_row_class(job.rows)], job, panel_end, x + row * ldx, ldx);
    }
    return true;
}
