#pragma once
#include "CKernels.h"

// What the kernels of one path are asked to do. A job is read by all threads; the ranges say which part of it.

/// Rows that one tile of a linear layer or of attention holds at most, over all paths.
#define MAX_TILE_ROWS 12

/// Panels of one task of a linear layer: their accumulators wait in memory while the inputs go by block by block.
#define LINEAR_PANELS 8
/// Tiles of rows that one task takes through its panels: their share of x stays in the second cache.
#define LINEAR_TILES 8
/// Inputs of a block of float32 weights: 24 KiB of a panel.
#define LINEAR_INPUTS 192
/// From so many tiles on a block of 16-bit weights is widened once for all; for fewer in registers.
#define WIDENED_TILES 5
/// Bytes of weights up to which a layer is taken for one that stays in the caches.
#define SMALL_LAYER ((size_t)2 << 20)
/// Lanes of 32 bits between the weights at work and those being fetched, where each is used by few rows.
#define LINEAR_AHEAD 1024

/// A linear layer on rows that its kernel has packed.
typedef struct linear_job {
    ck_scalar scalar;
    const char *packed;
    size_t inputs, panel_bytes, panel_begin;
    /// The rows tile by tile, each tile as [lanes][rows of the tile] of 32 bits: what the kernel's `pack` made.
    const uint32_t *x;
    /// Of a row.
    size_t lanes;
    size_t rows, tiles;
    float *y;
    size_t ldy;
    bool add;
    /// Activations are rounded to bfloat16, and the product is that of the dot-product instruction: the odd input of
    /// a pair before the even one, subnormals as zero.
    bool rounded;
    /// The layer has no more than SMALL_LAYER bytes.
    bool is_small;
} linear_job;

/// The first row of a tile: rows are cut evenly, since a tile of one row would wait for its own additions.
static inline size_t tile_row(const linear_job *job, size_t tile) { return job->rows * tile / job->tiles; }

/// A way to compute linear layers.
typedef struct linear_kernel {
    /// Rows that a tile holds at most.
    size_t tile_rows;
    /// Whether a lane of x holds a pair of inputs.
    bool pairs;
    /// Packs the rows of tiles tile_begin ..< tile_end from `from` [rows, inputs], `ldx` values apart, into `to`.
    void (*pack)(
        const linear_job *job, const float *from, size_t ldx, uint32_t *to, size_t tile_begin, size_t tile_end);
    /// Panels panel_begin ..< panel_end, at most LINEAR_PANELS, for tiles tile_begin ..< tile_end, at most LINEAR_TILES.
    void (*multiply)(
        const linear_job *job, size_t panel_begin, size_t panel_end, size_t tile_begin, size_t tile_end);
} linear_kernel;

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
    /// Queries that a tile of attention holds at most.
    size_t tile_rows;
    /// Packs a panel: rows of `bytes` bytes into lanes of 32 bits of all its rows.
    void (*pack)(const char *weights, size_t bytes, size_t rows, uint32_t *to);
    linear_kernel linear;
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
    ck_softmax_sum (*softmax_sum)(const float *logits, size_t count);
    double (*divergence)(
        const float *a, ck_softmax_sum of_a, const float *b, ck_softmax_sum of_b, size_t count);
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
