#pragma once
#include "jobs.h"

/// Rows that a tile of dot products holds at most: with two vectors of outputs, 24 accumulators.
#define DOT_ROWS 12
/// Tiles of rows that one task takes through its panels: their share of x stays in the second cache.
#define DOT_TILES 8
/// Panels of one task: their accumulators wait in memory while the inputs go by block by block.
#define DOT_PANELS 8
/// Inputs of a block: 128 KiB of a panel, 48 KiB of a tile's rows.
#define DOT_INPUTS 2048
/// Lanes of 32 bits between the weights at work and those being fetched, where each is used by one tile only.
#define DOT_AHEAD 1024

/// A linear layer over bfloat16 weights and activations that were rounded to bfloat16.
///
/// `x` holds the rows tile by tile: tile t of `tiles` has rows rows * t / tiles ..< rows * (t + 1) / tiles, as
/// [pairs of inputs][rows of the tile], each a lane of 32 bits with the even input in its lower half.
typedef struct dot_job {
    const char *packed;
    size_t inputs, panel_bytes, panel_begin;
    const uint32_t *x;
    size_t rows, tiles;
    float *y;
    size_t ldy;
    bool add;
} dot_job;

static inline size_t dot_tiles(size_t rows) { return (rows + DOT_ROWS - 1) / DOT_ROWS; }
static inline size_t dot_pairs(size_t inputs) { return (inputs + 1) / 2; }
static inline size_t dot_row(const dot_job *job, size_t tile) { return job->rows * tile / job->tiles; }

#if defined(__x86_64__)
/// Whether this CPU has the instruction, and it computes what the other paths compute: see `dot.c`.
bool dot_is_supported(void);

/// Rounds and packs the rows of tiles tile_begin ..< tile_end from `from` [rows, inputs] into `to`.
void dot_pack(
    const dot_job *job, const float *from, size_t ldx, uint32_t *to, size_t tile_begin, size_t tile_end);

/// Panels panel_begin ..< panel_end, at most DOT_PANELS, for tiles tile_begin ..< tile_end, at most DOT_TILES.
void dot_linear(const dot_job *job, size_t panel_begin, size_t panel_end, size_t tile_begin, size_t tile_end);
#endif
