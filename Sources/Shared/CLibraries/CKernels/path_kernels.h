// The kernels, written once over vectors of 16 lanes and compiled once per path. The file that includes this has
// set the target's features, and defines KERNELS (the name of the table), TILE_ROWS and TILE_VECTORS (how many
// rows, and vectors of 16 outputs, keep their accumulators in registers), and PACKS_WHOLE_LINES where 32 vectors are at
// hand at once.
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

// ---- Vectors of doubles

typedef double d16 __attribute__((vector_size(128)));
typedef int64_t i16_wide __attribute__((vector_size(128)));
typedef uint64_t u16_wide __attribute__((vector_size(128)));

INLINE d16 splat_wide(double x) { return (d16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }

INLINE d16 to_double(v16 x) { return __builtin_convertvector(x, d16); }

/// The first `count` < 16 values, and zeros.
INLINE d16 first_lanes(d16 value, size_t count) {
    double lane[16];
    memcpy(lane, &value, sizeof lane);
    for (size_t i = count; i < 16; i++) lane[i] = 0;
    memcpy(&value, lane, sizeof lane);
    return value;
}

/// The same tree as that of floats.
INLINE double sum_wide_lanes(d16 value) {
    double lane[16];
    memcpy(lane, &value, sizeof lane);
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lane[i] = lane[i] + lane[i + width];
    return lane[0];
}

/// exp(x), relative error below 3e-16; x is clamped to -708 ... 708. As for floats, with the Taylor polynomial of degree 13.
INLINE d16 exponential_wide(d16 x) {
    const d16 low = splat_wide(-708), high = splat_wide(708), magic = splat_wide(6755399441055744.0);
    i16_wide above = x > low;
    x = (d16)((above & (i16_wide)x) | (~above & (i16_wide)low));
    i16_wide below = x < high;
    x = (d16)((below & (i16_wide)x) | (~below & (i16_wide)high));
    d16 shifted = x * splat_wide(1.44269504088896341) + magic;
    d16 n = shifted - magic;
    d16 r = FMA(n, splat_wide(-0.69314718055994530942), x);
    r = FMA(n, splat_wide(-2.3190468138462996e-17), r);
    d16 p = splat_wide(1.0 / 6227020800.0);
    p = FMA(p, r, splat_wide(1.0 / 479001600));
    p = FMA(p, r, splat_wide(1.0 / 39916800));
    p = FMA(p, r, splat_wide(1.0 / 3628800));
    p = FMA(p, r, splat_wide(1.0 / 362880));
    p = FMA(p, r, splat_wide(1.0 / 40320));
    p = FMA(p, r, splat_wide(1.0 / 5040));
    p = FMA(p, r, splat_wide(1.0 / 720));
    p = FMA(p, r, splat_wide(1.0 / 120));
    p = FMA(p, r, splat_wide(1.0 / 24));
    p = FMA(p, r, splat_wide(1.0 / 6));
    p = FMA(p, r, splat_wide(0.5));
    p = FMA(p, r, splat_wide(1.0));
    p = FMA(p, r, splat_wide(1.0));
    return (d16)((u16_wide)p + ((u16_wide)shifted << 52));
}

/// ln y of normal numbers above 0: `naturalLogarithm` of the Swift module ElementaryFunctions.
INLINE d16 logarithm_wide(d16 y) {
    const d16 one = splat_wide(1), magic = splat_wide(6755399441055744.0);
    // The bits of 1 less those of sqrt(1/2).
    const uint64_t to_root = 0x3ff0000000000000 - 0x3fe6a09e667f3bcd;
    u16_wide k = (((u16_wide)y + to_root) >> 52) - 1023;
    d16 z = (d16)((u16_wide)y - (k << 52));
    d16 s = (z - one) / (z + one), square = s * s, twice = s + s;
    d16 series = splat_wide(1.0 / 23);
    series = FMA(series, square, splat_wide(1.0 / 21));
    series = FMA(series, square, splat_wide(1.0 / 19));
    series = FMA(series, square, splat_wide(1.0 / 17));
    series = FMA(series, square, splat_wide(1.0 / 15));
    series = FMA(series, square, splat_wide(1.0 / 13));
    series = FMA(series, square, splat_wide(1.0 / 11));
    series = FMA(series, square, splat_wide(1.0 / 9));
    series = FMA(series, square, splat_wide(1.0 / 7));
    series = FMA(series, square, splat_wide(1.0 / 5));
    series = FMA(series, square, splat_wide(1.0 / 3));
    d16 of_z = FMA(twice * square, series, twice);
    // A small integer added to the low bits of 1.5 * 2^52 is that number plus the integer.
    d16 power = (d16)((u16_wide)magic + k) - magic;
    of_z = FMA(power, splat_wide(2.3190468138462996e-17), of_z);
    return FMA(power, splat_wide(0.69314718055994530942), of_z);
}

// ---- Subnormals

/// Subnormals are taken as zero between `flush_begin` and `flush_end`, as the dot-product instruction takes them.
/// The memory named is read and written in between: no arithmetic may leave its place.
#if defined(__x86_64__)
INLINE uint32_t flush_begin(const float *x, const float *accumulators) {
    uint32_t before, flushing;
    __asm__ volatile("stmxcsr %0" : "=m"(before));
    flushing = before | 0x8040;
    __asm__ volatile("ldmxcsr %0" : : "m"(flushing), "r"(x), "r"(accumulators) : "memory");
    return before;
}
INLINE void flush_end(uint32_t before, const float *accumulators) {
    __asm__ volatile("ldmxcsr %0" : : "m"(before), "r"(accumulators) : "memory");
}
#elif defined(__aarch64__)
INLINE uint64_t flush_begin(const float *x, const float *accumulators) {
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1 << 24), "r"(x), "r"(accumulators) : "memory");
    return before;
}
INLINE void flush_end(uint64_t before, const float *accumulators) {
    __asm__ volatile("msr fpcr, %0" : : "r"(before), "r"(accumulators) : "memory");
}
#else
#error "this machine's way to take subnormals as zero is not known here"
#endif

#include "path_pack.h"

#include "path_linear.h"

#include "path_rows.h"

#include "path_attention.h"

const path_kernels KERNELS = {
    .tile_rows = TILE_ROWS,
    .pack = pack,
    .linear = {.tile_rows = TILE_ROWS, .pack = linear_pack, .multiply = linear_multiply},
    .rms_norm = rms_norm,
    .gated = gated,
    .soft_cap = soft_cap,
    .attention = attention,
    .argmax = argmax,
    .softmax_sum = softmax_sum,
    .divergence = divergence,
};
