#pragma once
#include "instructions.cuh"

/// Functions and sums as every device of this program computes them, from operations that IEEE 754 defines. The host
/// turns contraction off: a product and a sum are fused where `fmaf` says so.

/// A float16 has five bits of exponent and ten of fraction; widening it is exact.
INLINE float widen_float16(unsigned short x) {
    const unsigned sign = (unsigned)(x & 0x8000u) << 16, magnitude = x & 0x7fffu;
    if (magnitude >= 0x7c00u) return float_of(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude >= 0x400u) return float_of(sign | ((magnitude << 13) + (112u << 23)));
    return float_of(sign | bits_of((float)magnitude * 5.9604644775390625e-8f));
}

/// A stored weight as float32, which is exact.
INLINE float weight_at(const void *values, int scalar, size_t index) {
    if (scalar == SCALAR_FLOAT32) return ((const float *)values)[index];
    const unsigned short x = ((const unsigned short *)values)[index];
    return scalar == SCALAR_BFLOAT16 ? widen_bfloat16(x) : widen_float16(x);
}

/// x = n ln 2 + r: Cody and Waite's reduction; `exponent` is what to add to a float's bits to multiply it by 2^n.
struct Reduced { float r; unsigned exponent; };
INLINE Reduced reduce_by_ln2(float x) {
    const float magic = 12582912.0f, shifted = x * 1.44269504088896341f + magic, n = shifted - magic;
    return Reduced{fmaf(n, -1.42860682030941723e-6f, fmaf(n, -0.693145751953125f, x)), bits_of(shifted) << 23};
}

/// (exp(r) - 1) / r
INLINE float taylor(float r) {
    float p = 1.0f / 5040.0f;
    p = fmaf(p, r, 1.0f / 720.0f);
    p = fmaf(p, r, 1.0f / 120.0f);
    p = fmaf(p, r, 1.0f / 24.0f);
    p = fmaf(p, r, 1.0f / 6.0f);
    p = fmaf(p, r, 0.5f);
    return fmaf(p, r, 1.0f);
}

INLINE float clamped(float x, float low, float high) {
    const float raised = x > low ? x : low;
    return raised < high ? raised : high;
}

INLINE float exponential(float x) {
    const Reduced reduced = reduce_by_ln2(clamped(x, -87.3f, 88.3f));
    const float power = fmaf(taylor(reduced.r), reduced.r, 1.0f);
    return float_of(bits_of(power) + reduced.exponent);
}

/// In double: the Taylor polynomial of degree 13.
INLINE double exponential_wide(double x) {
    const double raised = x > -708.0 ? x : -708.0, bounded = raised < 708.0 ? raised : 708.0;
    const double magic = 6755399441055744.0, shifted = bounded * 1.44269504088896341 + magic, n = shifted - magic;
    const double r = fma(n, -2.3190468138462996e-17, fma(n, -0.69314718055994530942, bounded));
    double p = 1.0 / 6227020800.0;
    p = fma(p, r, 1.0 / 479001600.0);
    p = fma(p, r, 1.0 / 39916800.0);
    p = fma(p, r, 1.0 / 3628800.0);
    p = fma(p, r, 1.0 / 362880.0);
    p = fma(p, r, 1.0 / 40320.0);
    p = fma(p, r, 1.0 / 5040.0);
    p = fma(p, r, 1.0 / 720.0);
    p = fma(p, r, 1.0 / 120.0);
    p = fma(p, r, 1.0 / 24.0);
    p = fma(p, r, 1.0 / 6.0);
    p = fma(p, r, 0.5);
    p = fma(p, r, 1.0);
    p = fma(p, r, 1.0);
    return double_of(bits_of(p) + (bits_of(shifted) << 52));
}

INLINE float hyperbolic_tangent(float x) {
    const Reduced reduced = reduce_by_ln2(clamped(x + x, -40.0f, 40.0f));
    const float power = float_of(bits_of(1.0f) + reduced.exponent);
    const float e = fmaf(power, taylor(reduced.r) * reduced.r, power - 1.0f);
    return e / (e + 2.0f);
}

INLINE float silu(float z) { return z / (1.0f + exponential(-z)); }

INLINE float gelu_tanh(float z) {
    const float u = 0.797884560802865356f * (z + 0.044715f * (z * z * z));
    return z / (1.0f + exponential(-2.0f * u));
}

INLINE float soft_capped(float x, float cap, float scale) { return hyperbolic_tangent(x * scale / cap) * cap; }

struct Turn { float cosine, sine; };
/// Reduction by pi / 2 in three parts, then Taylor polynomials in float64.
INLINE Turn cosine_sine(float angle) {
    const double magic = 6755399441055744.0, x = (double)angle;
    const double n = (x * 0.63661977236758134308 + magic) - magic;
    const double r =
        x - n * 1.57079632673412561417 - n * 6.07710050630396597660e-11 - n * 2.02226624879595063154e-21;
    const double z = r * r;
    double s = -1.0 / 1307674368000.0;
    s = s * z + 1.0 / 6227020800.0;
    s = s * z + -1.0 / 39916800.0;
    s = s * z + 1.0 / 362880.0;
    s = s * z + -1.0 / 5040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z + -1.0 / 6.0;
    double c = 1.0 / 20922789888000.0;
    c = c * z + -1.0 / 87178291200.0;
    c = c * z + 1.0 / 479001600.0;
    c = c * z + -1.0 / 3628800.0;
    c = c * z + 1.0 / 40320.0;
    c = c * z + -1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = c * z + -0.5;
    c = c * z + 1.0;
    const float sine = (float)(s * z * r + r), cosine = (float)c;
    const int quarter = (int)n & 3;
    if (quarter == 0) return Turn{cosine, sine};
    if (quarter == 1) return Turn{-sine, cosine};
    if (quarter == 2) return Turn{-cosine, -sine};
    return Turn{sine, -cosine};
}

/// Rotates a row's key of one head and stores it and the value in the cache, by all threads of a block.
///
/// Of a block of the model a page holds keys [kvHeads][ceil(d / 4)][PAGE_POSITIONS][4], and then values
/// [kvHeads][PAGE_POSITIONS][d].
INLINE void store_head(float *page, int place, int kvHeads, int head, int d, const float *key, const float *value,
                       const float *cosine, const float *sine) {
    const int half = d / 2, quarters = (d + 3) / 4;
    float *keys = page + (size_t)head * quarters * PAGE_POSITIONS * 4 + place * 4;
    float *values = page + ((size_t)kvHeads * quarters * 4 + (size_t)head * d) * PAGE_POSITIONS + (size_t)place * d;
    for (int i = threadIdx.x; i < d; i += blockDim.x) {
        const int pair = i < half ? i : i - half;
        const float low = key[pair], high = key[pair + half], c = cosine[pair], s = sine[pair];
        keys[(size_t)(i / 4) * PAGE_POSITIONS * 4 + i % 4] = i < half ? low * c - high * s : high * c + low * s;
        values[i] = value[i];
    }
}

/// The end of a sum over a row: of 16 partial sums, element i in partial i % 16, which the lanes of a half warp hold. A
/// tree adds them up: i and i + 8, then + 4, + 2, + 1.
template <typename T> INLINE T sum_of_partials(T partial) {
    UNROLL
    for (int width = 8; width > 0; width /= 2) partial += __shfl_xor_sync(ALL_LANES, partial, width);
    return partial;
}
