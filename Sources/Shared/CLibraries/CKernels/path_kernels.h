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
};
