// The bodies of W's kernels, and one set of functions for each instruction set.
#pragma once
#include "CKernelsProjection.h"

#include <math.h>
#include <string.h>

// A product and a sum are fused only where the code says fma: else the bits would depend on the instruction set.
#pragma STDC FP_CONTRACT OFF

typedef float v8 __attribute__((vector_size(32), aligned(4)));
typedef float v16 __attribute__((vector_size(64), aligned(4)));
typedef double v8d __attribute__((vector_size(64), aligned(8)));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// The bodies are written once, with vectors of a fixed number of lanes, and compiled for each instruction set by
// inlining them into functions that carry a target attribute. They take pointers only: a vector passed by value
// would have another calling convention in each.

// MARK: Prediction. Lanes are rows.

/// `O` outputs from `o` on, for the group of 8 rows in `packed` [inputs, 8].
INLINE void predict_group(const float *w, size_t outputs, size_t inputs, size_t o, const int O, const float *packed,
                          size_t row, size_t row_count, const float *y, float *out) {
    v8 sums[8];
    UNROLL for (int k = 0; k < O; k++) sums[k] = (v8){0};
    const float *weights = w + o * inputs;
    for (size_t i = 0; i < inputs; i++) {
        v8 x = *(const v8 *)(packed + i * 8);
        UNROLL for (int k = 0; k < O; k++) {
            float weight = weights[(size_t)k * inputs + i];
            v8 splat = {weight, weight, weight, weight, weight, weight, weight, weight};
            sums[k] = __builtin_elementwise_fma(splat, x, sums[k]);
        }
    }
    UNROLL for (int k = 0; k < O; k++) {
        float lanes[8];
        memcpy(lanes, &sums[k], sizeof lanes);
        for (size_t r = 0; r < row_count; r++) {
            size_t at = (row + r) * outputs + o + (size_t)k;
            out[at] = y ? lanes[r] - y[at] : lanes[r];
        }
    }
}

/// As `predict_group`, for two groups at a time: each weight is read once for 16 rows.
INLINE void predict_two_groups(const float *w, size_t outputs, size_t inputs, size_t o, const int O,
                               const float *packed, size_t row, size_t row_count, const float *y, float *out) {
    v8 low[8], high[8];
    const float *second = packed + inputs * 8;
    UNROLL for (int k = 0; k < O; k++) low[k] = high[k] = (v8){0};
    const float *weights = w + o * inputs;
    for (size_t i = 0; i < inputs; i++) {
        v8 x = *(const v8 *)(packed + i * 8), z = *(const v8 *)(second + i * 8);
        UNROLL for (int k = 0; k < O; k++) {
            float weight = weights[(size_t)k * inputs + i];
            v8 splat = {weight, weight, weight, weight, weight, weight, weight, weight};
            low[k] = __builtin_elementwise_fma(splat, x, low[k]);
            high[k] = __builtin_elementwise_fma(splat, z, high[k]);
        }
    }
    UNROLL for (int k = 0; k < O; k++) {
        float lanes[16];
        memcpy(lanes, &low[k], sizeof(v8));
        memcpy(lanes + 8, &high[k], sizeof(v8));
        for (size_t r = 0; r < row_count; r++) {
            size_t at = (row + r) * outputs + o + (size_t)k;
            out[at] = y ? lanes[r] - y[at] : lanes[r];
        }
    }
}

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

INLINE void predict_block(const float *w, size_t outputs, size_t inputs, size_t o, const int O, const float *packed,
                          size_t rows, const float *y, float *out, const bool pairs) {
    size_t row = 0;
    if (pairs) {
        for (; row + 8 < rows; row += 16) {
            predict_two_groups(w, outputs, inputs, o, O, packed + row * inputs, row, least(16, rows - row), y, out);
        }
    }
    for (; row < rows; row += 8) {
        predict_group(w, outputs, inputs, o, O, packed + row * inputs, row, least(8, rows - row), y, out);
    }
}

INLINE void predict(const float *w, size_t outputs, size_t inputs, size_t first, size_t last, const float *packed,
                    size_t rows, const float *y, float *out, const bool pairs) {
    size_t o = first;
    // Eight chains hide the latency of a fused multiply-add.
    for (; o + 8 <= last; o += 8) predict_block(w, outputs, inputs, o, 8, packed, rows, y, out, pairs);
    for (; o < last; o++) predict_block(w, outputs, inputs, o, 1, packed, rows, y, out, pairs);
}

// MARK: Gradient and Adam. Lanes are inputs.

/// total = the sum over the shards of their gradients, for O outputs from o on and V * 16 inputs from i on.
INLINE void gradient_tile(const ck_shard *shards, size_t shard_count, size_t outputs, size_t inputs, size_t o,
                          const int O, size_t i, const int V, v16 total[4][4]) {
    for (size_t s = 0; s < shard_count; s++) {
        const ck_shard *shard = &shards[s];
        v16 sums[4][4];
        if (shard->dense) {
            UNROLL for (int k = 0; k < O; k++) {
                UNROLL for (int l = 0; l < V; l++) {
                    sums[k][l] = *(const v16 *)(shard->dense + (o + (size_t)k) * inputs + i + 16 * (size_t)l);
                }
            }
        } else {
            UNROLL for (int k = 0; k < O; k++) {
                UNROLL for (int l = 0; l < V; l++) sums[k][l] = (v16){0};
            }
            for (size_t r = 0; r < shard->rows; r++) {
                const float *x = shard->x + r * inputs + i;
                const float *errors = shard->errors + r * outputs + o;
                v16 columns[4];
                UNROLL for (int l = 0; l < V; l++) columns[l] = *(const v16 *)(x + 16 * (size_t)l);
                UNROLL for (int k = 0; k < O; k++) {
                    float e = errors[k];
                    v16 splat = {e, e, e, e, e, e, e, e, e, e, e, e, e, e, e, e};
                    UNROLL for (int l = 0; l < V; l++) {
                        sums[k][l] = __builtin_elementwise_fma(splat, columns[l], sums[k][l]);
                    }
                }
            }
        }
        UNROLL for (int k = 0; k < O; k++) {
            UNROLL for (int l = 0; l < V; l++) total[k][l] = s == 0 ? sums[k][l] : total[k][l] + sums[k][l];
        }
    }
}

/// The same sum for one output and one input.
INLINE float gradient_element(const ck_shard *shards, size_t shard_count, size_t outputs, size_t inputs,
                              size_t o, size_t i) {
    float total = 0;
    for (size_t s = 0; s < shard_count; s++) {
        const ck_shard *shard = &shards[s];
        float sum = 0;
        if (shard->dense) {
            sum = shard->dense[o * inputs + i];
        } else {
            for (size_t r = 0; r < shard->rows; r++) {
                sum = __builtin_fmaf(shard->errors[r * outputs + o], shard->x[r * inputs + i], sum);
            }
        }
        total = s == 0 ? sum : total + sum;
    }
    return total;
}

/// torch.optim.Adam, `_single_tensor_adam`: lerp of the first moment, addcmul of the second, addcdiv of the weight.
INLINE void adam_vector(float *w, float *m, float *v, const v16 *total, const ck_adam *adam) {
    v16 g = *total * adam->gradient_scale;
    v16 first = *(const v16 *)m;
    v16 second = *(const v16 *)v;
    first = first + (g - first) * adam->first_weight;
    second = second * adam->beta2 + (g * g) * adam->second_weight;
    v16 denominator = __builtin_elementwise_sqrt(second) / adam->second_correction + adam->epsilon;
    *(v16 *)m = first;
    *(v16 *)v = second;
    *(v16 *)w = *(const v16 *)w - (first / denominator) * adam->step_size;
}

INLINE void adam_element(float *w, float *m, float *v, float total, const ck_adam *adam) {
    float g = total * adam->gradient_scale;
    float first = *m + (g - *m) * adam->first_weight;
    float second = *v * adam->beta2 + (g * g) * adam->second_weight;
    float denominator = sqrtf(second) / adam->second_correction + adam->epsilon;
    *m = first;
    *v = second;
    *w = *w - (first / denominator) * adam->step_size;
}

INLINE void step_tile(float *w, float *m, float *v, size_t outputs, size_t inputs, const ck_shard *shards,
                      size_t shard_count, const ck_adam *adam, size_t o, const int O, size_t i, const int V) {
    v16 total[4][4];
    // A dozen streams are more than hardware prefetchers follow: the next tile is fetched while this one is computed.
    // Past the end of the arrays it is an address that no one reads.
    UNROLL for (int k = 0; k < O; k++) {
        UNROLL for (int l = 0; l < V; l++) {
            size_t next = (o + (size_t)k) * inputs + i + 16 * (size_t)(V + l);
            __builtin_prefetch(w + next, 1);
            __builtin_prefetch(m + next, 1);
            __builtin_prefetch(v + next, 1);
        }
    }
    gradient_tile(shards, shard_count, outputs, inputs, o, O, i, V, total);
    UNROLL for (int k = 0; k < O; k++) {
        UNROLL for (int l = 0; l < V; l++) {
            size_t at = (o + (size_t)k) * inputs + i + 16 * (size_t)l;
            adam_vector(w + at, m + at, v + at, &total[k][l], adam);
        }
    }
}

INLINE void step_rows(float *w, float *m, float *v, size_t outputs, size_t inputs, const ck_shard *shards,
                      size_t shard_count, const ck_adam *adam, size_t o, const int O, const int V) {
    size_t i = 0, width = 16 * (size_t)V;
    for (; i + width <= inputs; i += width) {
        step_tile(w, m, v, outputs, inputs, shards, shard_count, adam, o, O, i, V);
    }
    for (; i + 16 <= inputs; i += 16) step_tile(w, m, v, outputs, inputs, shards, shard_count, adam, o, O, i, 1);
    for (; i < inputs; i++) {
        for (size_t k = o; k < o + (size_t)O; k++) {
            float total = gradient_element(shards, shard_count, outputs, inputs, k, i);
            size_t at = k * inputs + i;
            adam_element(w + at, m + at, v + at, total, adam);
        }
    }
}

INLINE void step(float *w, float *m, float *v, size_t outputs, size_t inputs, size_t first, size_t last,
                 const ck_shard *shards, size_t shard_count, const ck_adam *adam, const int V) {
    size_t o = first;
    for (; o + 4 <= last; o += 4) step_rows(w, m, v, outputs, inputs, shards, shard_count, adam, o, 4, V);
    for (; o < last; o++) step_rows(w, m, v, outputs, inputs, shards, shard_count, adam, o, 1, V);
}

INLINE void gradient_rows(const ck_shard *shard, size_t outputs, size_t inputs, size_t o, const int O,
                          const int V, float *g) {
    size_t i = 0, width = 16 * (size_t)V;
    v16 total[4][4];
    for (; i + width <= inputs; i += width) {
        gradient_tile(shard, 1, outputs, inputs, o, O, i, V, total);
        UNROLL for (int k = 0; k < O; k++) {
            UNROLL for (int l = 0; l < V; l++) {
                *(v16 *)(g + (o + (size_t)k) * inputs + i + 16 * (size_t)l) = total[k][l];
            }
        }
    }
    for (; i < inputs; i++) {
        for (size_t k = o; k < o + (size_t)O; k++) {
            g[k * inputs + i] = gradient_element(shard, 1, outputs, inputs, k, i);
        }
    }
}

INLINE void gradient(const ck_shard *shard, size_t outputs, size_t inputs, size_t first, size_t last,
                     const int V, float *g) {
    size_t o = first;
    for (; o + 4 <= last; o += 4) gradient_rows(shard, outputs, inputs, o, 4, V, g);
    for (; o < last; o++) gradient_rows(shard, outputs, inputs, o, 1, V, g);
}

// MARK: Norm of the cross product, in double. Lanes are inputs.

/// Rows that are converted to double at a time.
enum { cross_rows = 128 };

/// sums[k] += the squares of the products of column k of `y` with the 8 columns of `x`, for k in from ..< from + O.
/// Both are panels [rows, 8].
INLINE void cross_tile(const float *x, const float *y, size_t rows, const int from, const int O, double *sums) {
    v8d products[8];
    double weights[cross_rows * 8];
    UNROLL for (int k = 0; k < O; k++) products[k] = (v8d){0};
    for (size_t start = 0; start < rows; start += cross_rows) {
        size_t count = least(cross_rows, rows - start);
        for (size_t r = 0; r < count; r++) {
            *(v8d *)(weights + r * 8) = __builtin_convertvector(*(const v8 *)(y + (start + r) * 8), v8d);
        }
        for (size_t r = 0; r < count; r++) {
            v8d column = __builtin_convertvector(*(const v8 *)(x + (start + r) * 8), v8d);
            UNROLL for (int k = 0; k < O; k++) {
                double e = weights[r * 8 + (size_t)(from + k)];
                v8d splat = {e, e, e, e, e, e, e, e};
                products[k] = __builtin_elementwise_fma(splat, column, products[k]);
            }
        }
    }
    UNROLL for (int k = 0; k < O; k++) {
        double lanes[8];
        memcpy(lanes, &products[k], sizeof lanes);
        for (int l = 0; l < 8; l++) sums[from + k] = __builtin_fma(lanes[l], lanes[l], sums[from + k]);
    }
}

INLINE void cross(const float *x, const float *y, size_t rows, size_t inputs, size_t first, size_t last, double *sums,
                  const int O) {
    for (size_t block = first; block < last; block++) {
        double *block_sums = sums + block * 8;
        memset(block_sums, 0, 8 * sizeof(double));
        for (size_t i = 0; i < inputs; i += 8) {
            for (int k = 0; k < 8; k += O) {
                cross_tile(x + i * rows, y + block * 8 * rows, rows, k, O, block_sums);
            }
        }
    }
}

// MARK: One set of functions for each instruction set.

// PAIRS and V fill the registers: 32 of 512 bits, or 16 of 256.
#define KERNELS(suffix, attributes, PAIRS, V)                                                                          \
    attributes static void predict_##suffix(const float *w, size_t outputs, size_t inputs, size_t first, size_t last,  \
                                            const float *packed, size_t rows, const float *y, float *out) {            \
        predict(w, outputs, inputs, first, last, packed, rows, y, out, PAIRS);                                         \
    }                                                                                                                  \
    attributes static void step_##suffix(float *w, float *m, float *v, size_t outputs, size_t inputs, size_t first,    \
                                         size_t last, const ck_shard *shards, size_t shard_count,              \
                                         const ck_adam *adam) {                                                \
        step(w, m, v, outputs, inputs, first, last, shards, shard_count, adam, V);                                     \
    }                                                                                                                  \
    attributes static void gradient_##suffix(const ck_shard *shard, size_t outputs, size_t inputs,             \
                                             size_t first, size_t last, float *g) {                                    \
        gradient(shard, outputs, inputs, first, last, V, g);                                                           \
    }                                                                                                                  \
    attributes static void cross_##suffix(const float *x, const float *y, size_t rows, size_t inputs, size_t first,    \
                                          size_t last, double *sums) {                                                 \
        cross(x, y, rows, inputs, first, last, sums, 2 * V >= 8 ? 8 : 4);                                              \
    }

KERNELS(portable, , false, 1)
#if defined(__x86_64__)
KERNELS(avx2, __attribute__((target("avx2,fma"))), false, 1)
KERNELS(avx512, __attribute__((target("avx2,fma,avx512f,avx512vl,avx512dq"))), true, 4)
#define DISPATCH(path, name, ...)                                                                                      \
    switch (path) {                                                                                                    \
    case CK_PATH_AVX512BF16:                                                                                           \
    case CK_PATH_AVX512: name##_avx512(__VA_ARGS__); break;                                                            \
    case CK_PATH_AVX2: name##_avx2(__VA_ARGS__); break;                                                                \
    default: name##_portable(__VA_ARGS__); break;                                                                      \
    }
#else
#define DISPATCH(path, name, ...) name##_portable(__VA_ARGS__)
#endif
