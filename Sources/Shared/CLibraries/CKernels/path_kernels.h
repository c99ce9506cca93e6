// The kernels, written once over vectors of 16 lanes and compiled once per path. The file that includes this has
// set the target's features, and defines KERNELS (the name of the table), TILE_ROWS and TILE_VECTORS (how many
// rows, and vectors of 16 outputs, keep their accumulators in registers).
//
// The same operations run on each path in the same order, and every operation is one that IEEE 754 defines
// exactly, so the paths agree bit for bit. That needs contraction off: a*b+c must be two roundings everywhere.

#include "jobs.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF
// Vectors are passed between inlined functions only, so how they would be passed in a call does not matter.
#pragma clang diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef float v16_unaligned __attribute__((vector_size(64), aligned(4)));
typedef uint32_t u16_unaligned __attribute__((vector_size(64), aligned(4)));

#define LOAD(p) ((v16)(*(const v16_unaligned *)(p)))
#define STORE(p, v) (*(v16_unaligned *)(p) = (v))
#define FMA(a, b, c) __builtin_elementwise_fma((a), (b), (c))
#define SELECT(mask, a, b) ((v16)(((i16)(mask) & (i16)(a)) | (~(i16)(mask) & (i16)(b))))

// ---- Vectors

INLINE v16 splat(float x) { return (v16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

/// The first `count` < 16 values, and zeros.
INLINE v16 load_part(const float *p, size_t count) {
    float whole[16] = {0};
    memcpy(whole, p, count * sizeof(float));
    return LOAD(whole);
}

INLINE void store_part(float *p, v16 value, size_t count) {
    float whole[16];
    STORE(whole, value);
    memcpy(p, whole, count * sizeof(float));
}

/// The fixed tree: lane i + lane i + 8, then + 4, + 2, + 1.
INLINE float sum_lanes(v16 value) {
    float lane[16];
    STORE(lane, value);
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lane[i] = lane[i] + lane[i + width];
    return lane[0];
}

/// exp(x), relative error below 2e-7; x is clamped to -87.3 ... 88.3. Range reduction to |r| <= ln 2 / 2, then
/// the Taylor polynomial of degree 7 (remainder below 6e-9), then the exponent is added in.
INLINE v16 exponential(v16 x) {
    const v16 low = splat(-87.3f), high = splat(88.3f);
    x = SELECT(x > low, x, low);
    x = SELECT(x < high, x, high);
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
    const v16 magic = splat(12582912.0f);
    v16 shifted = x * splat(1.44269504088896341f) + magic;
    v16 n = shifted - magic;
    v16 r = FMA(n, splat(-0.693145751953125f), x);
    r = FMA(n, splat(-1.42860682030941723e-6f), r);
    v16 p = splat(1.0f / 5040);
    p = FMA(p, r, splat(1.0f / 720));
    p = FMA(p, r, splat(1.0f / 120));
    p = FMA(p, r, splat(1.0f / 24));
    p = FMA(p, r, splat(1.0f / 6));
    p = FMA(p, r, splat(0.5f));
    p = FMA(p, r, splat(1.0f));
    p = FMA(p, r, splat(1.0f));
    return (v16)((u16)p + ((u16)shifted << 23));
}

/// tanh(x), relative error below 4e-7: e / (e + 2) with e = exp(2x) - 1, which loses nothing where x is small. The
/// range reduction is that of `exponential`; beyond |x| = 20 the result is 1 to the last bit.
INLINE v16 hyperbolic_tangent(v16 x) {
    v16 twice = x + x;
    const v16 low = splat(-40.0f), high = splat(40.0f);
    twice = SELECT(twice > low, twice, low);
    twice = SELECT(twice < high, twice, high);
    const v16 magic = splat(12582912.0f);
    v16 shifted = twice * splat(1.44269504088896341f) + magic;
    v16 n = shifted - magic;
    v16 r = FMA(n, splat(-0.693145751953125f), twice);
    r = FMA(n, splat(-1.42860682030941723e-6f), r);
    // exp(r) - 1 = r * p(r)
    v16 p = splat(1.0f / 5040);
    p = FMA(p, r, splat(1.0f / 720));
    p = FMA(p, r, splat(1.0f / 120));
    p = FMA(p, r, splat(1.0f / 24));
    p = FMA(p, r, splat(1.0f / 6));
    p = FMA(p, r, splat(0.5f));
    p = FMA(p, r, splat(1.0f));
    v16 power = (v16)((u16)splat(1.0f) + ((u16)shifted << 23));
    v16 e = FMA(power, p * r, power - splat(1.0f));
    return e / (e + splat(2.0f));
}

// ---- Linear tiles

/// Panels that few rows take at once: their accumulators together hide the latency of an addition.
#define PANELS_AT_ONCE 4

/// The even or odd input of 16 lanes that hold two 16-bit weights each. Weights are finite (checked when packed),
/// so scaling by 2^112 turns a float16's bits into its float32 value exactly, subnormals too.
INLINE v16 widen(int scalar, u16 pair, int odd) {
    if (scalar == CK_BFLOAT16) return odd ? (v16)(pair & 0xffff0000u) : (v16)(pair << 16);
    u16 half = odd ? pair >> 16 : pair & 0xffffu;
    v16 magnitude = (v16)((half & 0x7fffu) << 13) * splat(0x1p112f);
    return (v16)((u16)magnitude | ((half & 0x8000u) << 16));
}

/// accumulators[rows][vectors] += x[rows, count] times the weights of 16 * vectors outputs, input by input.
/// Vector v reads its weights at w + v / 2 * panel + v % 2 * 16 lanes of 32 bits; `step` is the lanes between
/// inputs (between pairs of inputs, where they have 16 bits).
INLINE void tile(
    const int scalar, const int rows, const int vectors, const int prefetch, const float *x, size_t ldx,
    const uint32_t *w, size_t panel, size_t step, size_t count, float *accumulators, size_t lda, bool first) {
    // Sized for the largest tile: what a tile does not use costs nothing, while a variable size would keep the
    // accumulators in memory.
    v16 acc[MAX_TILE_ROWS][2 * PANELS_AT_ONCE];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            acc[r][v] = first ? splat(0) : LOAD(accumulators + r * lda + 16 * v);

    // One pointer for three rows: twelve would not fit the registers. The empty statement at the loop's end keeps
    // the compiler from making twelve of them again.
    const float *base[MAX_TILE_ROWS / 3];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r += 3) base[r / 3] = x + r * ldx;

    const size_t inputs_per_step = scalar == CK_FLOAT32 ? 1 : 2;
#pragma clang loop unroll(disable)
    for (size_t k = 0; k + inputs_per_step <= count; k += inputs_per_step) {
        u16 raw[2 * PANELS_AT_ONCE];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const uint32_t *at = w + (size_t)(v / 2) * panel + (size_t)(v % 2) * 16;
            raw[v] = *(const u16_unaligned *)at;
            if (prefetch) __builtin_prefetch(at + prefetch, 0, 3);
        }
        w += step;
#pragma clang loop unroll(full)
        for (size_t odd = 0; odd < inputs_per_step; odd++) {
            v16 weight[2 * PANELS_AT_ONCE];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                weight[v] = scalar == CK_FLOAT32 ? (v16)raw[v] : widen(scalar, raw[v], (int)odd);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                v16 value = splat(base[r / 3][r % 3 * ldx + odd]);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) acc[r][v] = FMA(value, weight[v], acc[r][v]);
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r += 3) {
            base[r / 3] += inputs_per_step;
            __asm__("" : "+r"(base[r / 3]));
        }
    }
    if (scalar != CK_FLOAT32 && count % 2 == 1)
        for (int v = 0; v < vectors; v++) {
            u16 raw = *(const u16_unaligned *)(w + (size_t)(v / 2) * panel + (size_t)(v % 2) * 16);
            for (int r = 0; r < rows; r++)
                acc[r][v] = FMA(splat(x[r * ldx + count - 1]), widen(scalar, raw, 0), acc[r][v]);
        }

#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) STORE(accumulators + r * lda + 16 * v, acc[r][v]);
}

/// A tile of a run-time number of rows, each number compiled with its accumulators in registers.
INLINE void tile_of_rows(
    const int scalar, size_t rows, const int vectors, const float *x, size_t ldx, const uint32_t *w, size_t step,
    size_t count, float *accumulators, size_t lda, bool first) {
#define ROWS(n) \
    case n: \
        if (n <= TILE_ROWS) \
            tile(scalar, n <= TILE_ROWS ? n : 1, vectors, 0, x, ldx, w, 0, step, count, accumulators, lda, first); \
        break;
    switch (rows) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
    }
#undef ROWS
}

/// One or two rows through `panels` panels, which stream from memory: prefetch 1 KiB ahead.
INLINE void narrow_panels(
    const int scalar, const int rows, const int panels, const linear_job *job, const uint32_t *w, const float *x,
    float *accumulators) {
    const size_t panel = job->panel_bytes / 4;
    const int vectors = 2 * panels;
    const int lda = 16 * vectors;
    if (TILE_VECTORS == 2) {
        tile(scalar, rows, vectors, 256, x, job->ldx, w, panel, CK_PANEL, job->inputs, accumulators, lda, true);
    } else {
        // Fewer registers: a row and two panels at a time.
        for (int r = 0; r < rows; r++)
            for (int p = 0; p < panels; p += 2)
                tile(
                    scalar, 1, panels == 1 ? 2 : 4, 256, x + r * job->ldx, job->ldx, w + p * panel, panel, CK_PANEL,
                    job->inputs, accumulators + r * lda + p * CK_PANEL, lda, true);
    }
}

INLINE void write_row(const float *from, float *to, int vectors, bool add) {
    for (int v = 0; v < vectors; v++) {
        v16 value = LOAD(from + 16 * v);
        STORE(to + 16 * v, add ? LOAD(to + 16 * v) + value : value);
    }
}

INLINE void linear_narrow(
    const int scalar, const int rows, const linear_job *job, size_t panel_begin, size_t panel_end, size_t row_begin) {
    float accumulators[2 * PANELS_AT_ONCE * CK_PANEL];
    const float *x = job->x + row_begin * job->ldx;
    float *y = job->y + row_begin * job->ldy;
    for (size_t p = panel_begin; p < panel_end;) {
        const uint32_t *w = (const uint32_t *)(job->packed + p * job->panel_bytes);
        int panels = panel_end - p >= PANELS_AT_ONCE ? PANELS_AT_ONCE : 1;
        if (panels == PANELS_AT_ONCE) narrow_panels(scalar, rows, PANELS_AT_ONCE, job, w, x, accumulators);
        else narrow_panels(scalar, rows, 1, job, w, x, accumulators);
        for (int r = 0; r < rows; r++)
            write_row(
                accumulators + r * panels * CK_PANEL, y + r * job->ldy + (p - job->panel_begin) * CK_PANEL, 2 * panels,
                job->add);
        p += (size_t)panels;
    }
}

INLINE void linear_wide(
    const int scalar, const linear_job *job, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end) {
    float accumulators[ROW_GROUP * CK_PANEL];
    const size_t rows = row_end - row_begin;
    const size_t blocks = (rows + TILE_ROWS - 1) / TILE_ROWS;
    const size_t lanes_per_input = scalar == CK_FLOAT32 ? CK_PANEL : CK_PANEL / 2;
    for (size_t p = panel_begin; p < panel_end; p++) {
        const uint32_t *w = (const uint32_t *)(job->packed + p * job->panel_bytes);
        for (size_t k = 0; k < job->inputs; k += INPUT_BLOCK) {
            size_t count = job->inputs - k < INPUT_BLOCK ? job->inputs - k : INPUT_BLOCK;
            for (size_t block = 0; block < blocks; block++) {
                // Rows are cut evenly: a tile of one row would wait for its own additions.
                size_t from = rows * block / blocks, to = rows * (block + 1) / blocks;
                for (int v = 0; v < 2; v += TILE_VECTORS)
                    tile_of_rows(
                        scalar, to - from, TILE_VECTORS, job->x + (row_begin + from) * job->ldx + k, job->ldx,
                        w + k * lanes_per_input + 16 * v, CK_PANEL, count, accumulators + from * CK_PANEL + 16 * v,
                        CK_PANEL, k == 0);
            }
        }
        for (size_t r = 0; r < rows; r++)
            write_row(
                accumulators + r * CK_PANEL, job->y + (row_begin + r) * job->ldy + (p - job->panel_begin) * CK_PANEL, 2,
                job->add);
    }
}

INLINE void linear_scalar(
    const int scalar, const linear_job *job, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end) {
    if (row_end - row_begin == 1) linear_narrow(scalar, 1, job, panel_begin, panel_end, row_begin);
    else if (row_end - row_begin == 2) linear_narrow(scalar, 2, job, panel_begin, panel_end, row_begin);
    else linear_wide(scalar, job, panel_begin, panel_end, row_begin, row_end);
}

static void linear(const linear_job *job, size_t panel_begin, size_t panel_end, size_t row_begin, size_t row_end) {
    switch (job->scalar) {
    case CK_FLOAT32: linear_scalar(CK_FLOAT32, job, panel_begin, panel_end, row_begin, row_end); break;
    case CK_BFLOAT16: linear_scalar(CK_BFLOAT16, job, panel_begin, panel_end, row_begin, row_end); break;
    case CK_FLOAT16: linear_scalar(CK_FLOAT16, job, panel_begin, panel_end, row_begin, row_end); break;
    }
}

#include "path_rows.h"

#include "path_attention.h"

const path_kernels KERNELS = {
    .tile_rows = TILE_ROWS,
    .linear = linear,
    .rms_norm = rms_norm,
    .gated = gated,
    .soft_cap = soft_cap,
    .attention = attention,
    .argmax = argmax,
};
