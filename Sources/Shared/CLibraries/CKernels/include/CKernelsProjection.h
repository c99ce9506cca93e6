// Kernels of the projection W [outputs, inputs], float32, row-major.
//
// Every number they give is defined to the bit: an output is one chain of fused multiply-adds in a stated order,
// and vector lanes are different outputs. So no result depends on the instruction set, on how the outputs are cut
// between threads, or on the tile sizes.
#pragma once

#include "CKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/// out[r, o] = fma chain over i = 0 ..< inputs of w[o, i] * x[r, i], from 0, less y[r, o] where `y` is not NULL.
/// `x` is [rows, inputs], `out` and `y` are [rows, outputs]. False, with nothing computed, when memory is refused.
bool ck_predict(
    ck_context *context, const float *w, size_t outputs, size_t inputs, const float *x, size_t rows, const float *y,
    float *out);

/// One shard's gradient: either `dense` [outputs, inputs], or (where that is NULL) the factors whose product it is,
/// `errors` [rows, outputs] and `x` [rows, inputs].
typedef struct ck_shard {
    const float *dense;
    const float *errors;
    const float *x;
    size_t rows;
} ck_shard;

/// g[o, i] = fma chain over the rows of errors[r, o] * x[r, i], from 0.
void ck_gradient(ck_context *context, const ck_shard *shard, size_t outputs, size_t inputs, float *g);

/// The constants of one step of Adam; those that need powers are computed once, in double, and rounded.
typedef struct ck_adam {
    /// Applied to the summed gradient.
    float gradient_scale;
    /// 1 - beta1
    float first_weight;
    float beta2;
    /// 1 - beta2
    float second_weight;
    /// sqrt(1 - beta2^step)
    float second_correction;
    float epsilon;
    /// learning rate / (1 - beta1^step)
    float step_size;
} ck_adam;

/// Sums the shards' gradients in their order, scales the sum and applies one step of Adam to w, with the moments m
/// and v, all [outputs, inputs]. Gradients given as factors are computed on the way, tile by tile, so that w, m and v
/// are read and written once.
void ck_step(
    ck_context *context, float *w, float *m, float *v, size_t outputs, size_t inputs, const ck_shard *shards,
    size_t shard_count, const ck_adam *adam);

/// sums[o] = sum over r = 0 ..< rows of e[r, o]^2 in double, in the order of r, from 0. `e` is [rows, outputs].
void ck_squares(const float *e, size_t rows, size_t outputs, double *sums);

/// The sum over o, in order, of the chain over i of (sum over r of y[r, o] * x[r, i])^2, all in double, fused
/// multiply-adds from 0. `x` is [rows, inputs], `y` is [rows, outputs]. False when memory is refused.
bool ck_cross_norm(
    ck_context *context, const float *x, size_t inputs, const float *y, size_t outputs, size_t rows, double *norm);

/// Outputs first ..< last, on thread `thread` of the context.
typedef void (*ck_outputs)(void *argument, size_t first, size_t last, int thread);

/// Cuts 0 ..< outputs into one range for each thread, which begin at multiples of 8, and runs `body` on all of them.
void ck_share(ck_context *context, size_t outputs, ck_outputs body, void *argument);

#ifdef __cplusplus
}
#endif
