#pragma once
#include "CKernels.h"

// What the kernels of one path are asked to do. A job is read by all threads; the ranges say which part of it.

/// Rows that one tile of a linear layer holds at most, over all paths.
#define MAX_TILE_ROWS 12
/// Rows of x that one task of a linear layer takes through all its panels.
#define ROW_GROUP 48
/// Inputs that are run through before the next rows of a task: a panel's part then stays in the second cache.
#define INPUT_BLOCK 2048

typedef struct linear_job {
    ck_scalar scalar;
    const char *packed;
    size_t inputs, panel_bytes, panel_begin;
    const float *x;
    size_t ldx;
    float *y;
    size_t ldy;
    bool add;
} linear_job;

typedef struct norm_job {
    const float *x, *weight;
    /// Each row holds `parts` vectors of `columns` values side by side, each normed by itself.
    size_t ldx, parts, columns, ldy;
    float epsilon;
    float *y;
} norm_job;

typedef struct gated_job {
    ck_activation activation;
    const float *gate, *up;
    size_t ld, columns, ldy;
    float *y;
} gated_job;

typedef struct attention_job {
    ck_heads heads;
    const float *queries;
    size_t ldq;
    float scale, soft_cap;
    size_t window;
    float *output;
    size_t ldo;
} attention_job;

/// The kernels of one path.
typedef struct path_kernels {
    /// Rows that a tile holds at most.
    size_t tile_rows;
    /// Panels panel_begin ..< panel_end of the job, for rows row_begin ..< row_end, at most ROW_GROUP of them.
    void (*linear)(const linear_job *job, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end);
    void (*rms_norm)(const norm_job *job, size_t row_begin, size_t row_end);
    void (*gated)(const gated_job *job, size_t row_begin, size_t row_end);
    /// Each value v becomes cap * tanh(v * scale / cap).
    void (*soft_cap)(float *values, size_t count, float scale, float cap);
    /// Of one sequence and key/value head, the queries query_begin ..< query_end, at most tile_rows of them, where
    /// query i is query head i % group of the sequence's token i / group. `scratch`: attention_scratch floats.
    void (*attention)(
        const attention_job *job, const ck_sequence *sequence, size_t kv_head, size_t query_begin, size_t query_end,
        float *scratch);
    size_t (*argmax)(const float *values, size_t count);
} path_kernels;

static inline size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

/// Width of a row of the value cache.
static inline size_t value_width(size_t dimension) { return round_up(dimension, 16); }

/// Floats between the rows of a tile's scores.
static inline size_t score_stride(size_t positions) { return round_up(positions, CK_PANEL) + 16; }

/// Scratch floats of an attention task: queries, outputs and scores of a tile.
static inline size_t attention_scratch(size_t dimension, size_t positions) {
    return MAX_TILE_ROWS * (2 * (value_width(dimension) + 16) + score_stride(positions));
}

extern const path_kernels ck_portable_kernels;
#if defined(__x86_64__)
extern const path_kernels ck_avx2_kernels;
extern const path_kernels ck_avx512_kernels;
#endif
