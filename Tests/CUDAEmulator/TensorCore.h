#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

/// How tensor cores add products of bfloat16 to a float32 accumulator (Xie et al., arXiv:2511.10909): all terms are cut,
/// toward zero, to some binary places below the largest exponent of those that are not zero, added exactly, and the sum is cut to float32. Compute
/// capability 9.0 takes 16 products at once and 25 places; 8.x takes 8, twice, and 24 places.
namespace tensor_core {
/// Of zeros, which have no say in what is largest.
constexpr int zeroExponent = -1000;
/// value = mantissa * 2^(exponent - 7)
struct Operand { int32_t mantissa, exponent; };

inline Operand operand(unsigned short x) {
    const int e = x >> 7 & 255, m = (x & 0x7f) | (e ? 0x80 : 0);
    return {x >> 15 ? -m : m, m == 0 ? zeroExponent : e ? e - 127 : -126};
}

template <int COUNT, int PLACES>
inline float sum(const int32_t *am, const int32_t *ae, const int32_t *bm, const int32_t *be, float c) {
    uint32_t u;
    memcpy(&u, &c, 4);
    const int ce = u >> 23 & 255;
    const int64_t cm = (u & 0x7fffff) | (ce ? 0x800000 : 0);
    const int cExponent = cm == 0 ? zeroExponent : ce ? ce - 127 : -126;
    int32_t exponents[COUNT], largest = cExponent;
    for (int k = 0; k < COUNT; k++) {
        exponents[k] = ae[k] + be[k];
        largest = exponents[k] > largest ? exponents[k] : largest;
    }
    int32_t halves[2] = {0, 0};
    for (int k = 0; k < COUNT; k++) {
        const int32_t m = am[k] * bm[k], sign = m >> 31, shift = PLACES - 14 + exponents[k] - largest;
        const int32_t left = shift > 0 ? shift : 0, right = shift < 0 ? (shift > -31 ? -shift : 31) : 0;
        const int32_t cut = ((m ^ sign) - sign) << left >> right;
        halves[k % 2] += (cut ^ sign) - sign;
    }
    const int shift = PLACES - 23 + cExponent - largest;
    const int64_t cut = shift >= 0 ? cm << shift : shift > -63 ? cm >> -shift : 0;
    const int64_t total = (int64_t)halves[0] + halves[1] + (u >> 31 ? -cut : cut);
    if (total == 0) return 0;
    // magnitude * 2^(largest - PLACES), of which 24 bits are kept, fewer where it is subnormal.
    const uint64_t magnitude = (uint64_t)(total < 0 ? -total : total);
    const int top = 63 - __builtin_clzll(magnitude), exponent = largest - PLACES + top;
    const int keep = exponent < -126 ? 23 - (-126 - exponent) : 23;
    const uint64_t kept = keep < 0 ? 0 : top > keep ? magnitude >> (top - keep) << (top - keep) : magnitude;
    const float value = (float)std::ldexp((double)kept, largest - PLACES);
    return total < 0 ? -value : value;
}
}
