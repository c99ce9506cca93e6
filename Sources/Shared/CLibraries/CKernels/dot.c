// Products of bfloat16 pairs with VDPBF16PS, 64 operations an instruction.
//
// Of each lane it computes acc = fma(x[odd], w[odd], acc), then acc = fma(x[even], w[even], acc), rounding to
// nearest, with subnormal operands and results taken as zero, whatever MXCSR says (Intel's Software Developer's
// Manual, VDPBF16PS). The other paths do the same two operations in that order, so all give the same bits; a CPU
// whose instruction differs is not given this path.

#if defined(__x86_64__)
#include "dot.h"

#include <immintrin.h>
#include <string.h>

/// Rows that a tile holds at most: with two vectors of outputs, 24 accumulators.
#define DOT_ROWS 12
/// Inputs of a block: 128 KiB of a panel, 48 KiB of a tile's rows.
#define DOT_INPUTS 2048

#define DOT_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define DOT_INLINE static inline __attribute__((always_inline)) DOT_TARGET

DOT_INLINE __m512 dot(__m512 accumulator, __m512i x, __m512i w) {
    return _mm512_dpbf16_ps(accumulator, (__m512bh)x, (__m512bh)w);
}

// ---- Whether this CPU's instruction is the one described above

static uint32_t random_bits(uint64_t *state) {
    // Marsaglia, Xorshift RNGs (2003).
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

DOT_TARGET static bool computes_as_described(void) {
    uint64_t state = UINT64_C(88172645463325252);
    for (int trial = 0; trial < 2048; trial++) {
        uint32_t x[16], w[16];
        float start[16], found[16], expected[16];
        for (int i = 0; i < 16; i++) {
            // Exponents near enough for rounding to show, then so small that subnormals do.
            const uint32_t exponent = trial % 4 ? 120 : 60, spread = trial % 4 ? 14 : 8;
            uint32_t bits[3];
            for (int j = 0; j < 3; j++) bits[j] = random_bits(&state);
            const uint32_t low = exponent + bits[2] % spread, high = exponent + bits[2] / 16 % spread;
            x[i] = (bits[0] & 0x807f807f) | low << 7 | high << 23;
            w[i] = (bits[1] & 0x807f807f) | high << 7 | low << 23;
            const uint32_t sum_exponent = trial % 4 ? 110 + bits[2] % 30 : bits[2] % 8;
            const uint32_t sum = (random_bits(&state) & 0x807fffff) | sum_exponent << 23;
            memcpy(&start[i], &sum, 4);
        }
        __m512 value = _mm512_loadu_ps(start);
        _mm512_storeu_ps(found, dot(value, _mm512_loadu_si512(x), _mm512_loadu_si512(w)));
        const unsigned mode = _mm_getcsr();
        _mm_setcsr(mode | 0x8040);
        for (int i = 0; i < 16; i++) {
            const uint32_t odd[2] = {x[i] & 0xffff0000u, w[i] & 0xffff0000u}, even[2] = {x[i] << 16, w[i] << 16};
            float a[2], b[2];
            memcpy(a, odd, 8);
            memcpy(b, even, 8);
            const __m128 first = _mm_fmadd_ss(_mm_set_ss(a[0]), _mm_set_ss(a[1]), _mm_set_ss(start[i]));
            expected[i] = _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(b[0]), _mm_set_ss(b[1]), first));
            __asm__ volatile("" : : "r"(expected) : "memory");
        }
        _mm_setcsr(mode);
        if (memcmp(found, expected, sizeof found)) return false;
    }
    return true;
}

bool dot_is_supported(void) {
    // Computed twice at worst, by two threads that ask at once; the answer is the same.
    static _Atomic int known = 0;
    if (known == 0)
        known = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512f")
                && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
                && __builtin_cpu_supports("avx512vl") && computes_as_described()
            ? 1 : -1;
    return known == 1;
}

// ---- Rounding

/// To the nearest bfloat16, ties to even; a not-a-number stays one. Subnormals are kept here: it is the product
/// that takes them as zero.
DOT_INLINE __m512i round_lanes(__m512 value) {
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    __mmask16 is_nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
    return _mm512_srli_epi32(_mm512_mask_mov_epi32(rounded, is_nan, _mm512_set1_epi32(0x7fc00000)), 16);
}

/// The pairs of 32 consecutive values.
DOT_INLINE __m512i round_pairs(__m512 low, __m512 high) {
    const __m256i first = _mm512_cvtepi32_epi16(round_lanes(low)), second = _mm512_cvtepi32_epi16(round_lanes(high));
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
}

DOT_TARGET static void dot_pack(
    const linear_job *job, const float *from, size_t ldx, uint32_t *to, size_t tile_begin, size_t tile_end) {
    const size_t pairs = job->lanes;
    for (size_t tile = tile_begin; tile < tile_end; tile++) {
        const size_t begin = tile_row(job, tile), rows = tile_row(job, tile + 1) - begin;
        uint32_t *packed = to + begin * pairs;
        for (size_t pair = 0; pair < pairs; pair += 16) {
            const size_t count = pairs - pair < 16 ? pairs - pair : 16;
            for (size_t r = 0; r < rows; r++) {
                const float *x = from + (begin + r) * ldx + 2 * pair;
                // What lies beyond a row's end is not read.
                const size_t rest = job->inputs - 2 * pair;
                __m512i sixteen;
                if (rest >= 32) {
                    sixteen = round_pairs(_mm512_loadu_ps(x), _mm512_loadu_ps(x + 16));
                } else {
                    const uint32_t some = (UINT32_C(1) << rest) - 1;
                    sixteen = round_pairs(
                        _mm512_maskz_loadu_ps((__mmask16)some, x),
                        _mm512_maskz_loadu_ps((__mmask16)(some >> 16), x + 16));
                }
                if (rows == 1) {
                    _mm512_mask_storeu_epi32(packed + pair, (__mmask16)((1u << count) - 1), sixteen);
                    continue;
                }
                uint32_t lane[16];
                _mm512_storeu_si512(lane, sixteen);
                for (size_t i = 0; i < count; i++) packed[(pair + i) * rows + r] = lane[i];
            }
        }
    }
}

// ---- Tiles

/// accumulators[rows][CK_PANEL] += a tile's rows times a panel's weights. `ahead`, if not 0, is the distance in lanes
/// at which the weights themselves are fetched; else what lies at `next`, `next_step` bytes a pair.
DOT_INLINE void dot_tile(
    const int rows, const size_t ahead, const uint32_t *x, const uint32_t *w, size_t pairs, const char *next,
    size_t next_step, float *accumulators, bool first) {
    __m512 acc[DOT_ROWS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++)
            acc[r][v] = first ? _mm512_setzero_ps() : _mm512_loadu_ps(accumulators + r * CK_PANEL + 16 * v);
#pragma clang loop unroll(disable)
    for (size_t k = 0; k < pairs; k++) {
        __m512i weights[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) {
            weights[v] = _mm512_loadu_si512(w + 16 * v);
            if (ahead) _mm_prefetch((const char *)(w + 16 * v + ahead), _MM_HINT_T0);
        }
        if (!ahead) {
            _mm_prefetch(next, _MM_HINT_T1);
            next += next_step;
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const __m512i value = _mm512_set1_epi32((int)x[r]);
#pragma clang loop unroll(full)
            for (int v = 0; v < 2; v++) acc[r][v] = dot(acc[r][v], value, weights[v]);
        }
        x += rows;
        w += CK_PANEL;
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < 2; v++) _mm512_storeu_ps(accumulators + r * CK_PANEL + 16 * v, acc[r][v]);
}

DOT_INLINE void dot_write(const float *from, float *to, bool add) {
    for (int v = 0; v < 2; v++) {
        __m512 value = _mm512_loadu_ps(from + 16 * v);
        if (add) value = _mm512_add_ps(_mm512_loadu_ps(to + 16 * v), value);
        _mm512_storeu_ps(to + 16 * v, value);
    }
}

/// Many rows: block by block of inputs, so that a panel's block serves all tiles from the second cache.
DOT_TARGET static void dot_wide(
    const linear_job *job, size_t panel_begin, size_t panel_end, size_t tile_begin, size_t tile_end) {
    float accumulators[LINEAR_PANELS][LINEAR_TILES * DOT_ROWS][CK_PANEL] __attribute__((aligned(64)));
    const size_t pairs = job->lanes, first_row = tile_row(job, tile_begin);
    const size_t tiles = tile_end - tile_begin;
    for (size_t k = 0; k < pairs; k += DOT_INPUTS / 2) {
        const size_t count = pairs - k < DOT_INPUTS / 2 ? pairs - k : DOT_INPUTS / 2;
        for (size_t p = panel_begin; p < panel_end; p++) {
            const uint32_t *w = (const uint32_t *)(job->packed + p * job->panel_bytes) + k * CK_PANEL;
            const char *next = (const char *)w + job->panel_bytes;
            // The next panel's block is fetched while this one is at work: its share of each tile, bytes a pair.
            const size_t step = CK_PANEL * sizeof(uint32_t) / tiles;
            for (size_t tile = tile_begin; tile < tile_end; tile++) {
                const size_t row = tile_row(job, tile), rows = tile_row(job, tile + 1) - row;
                const uint32_t *x = job->x + row * pairs + k * rows;
                float *to = accumulators[p - panel_begin][row - first_row];
                const char *fetched = next + (tile - tile_begin) * step * count;
#define ROWS(n) \
    case n: dot_tile(n, 0, x, w, count, fetched, step, to, k == 0); break;
                switch (rows) {
                    ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
                    ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
                }
#undef ROWS
            }
        }
    }
    const size_t rows = tile_row(job, tile_end) - first_row;
    for (size_t r = 0; r < rows; r++)
        for (size_t p = panel_begin; p < panel_end; p++)
            dot_write(
                accumulators[p - panel_begin][r],
                job->y + (first_row + r) * job->ldy + (p - job->panel_begin) * CK_PANEL, job->add);
}

/// One tile: the weights stream from memory, each used once. Panel by panel: a thread that reads one stream gets more
/// of the memory's bandwidth than one that reads several.
DOT_INLINE void dot_narrow(const int rows, const linear_job *job, size_t panel_begin, size_t panel_end, size_t row) {
    float accumulators[DOT_ROWS * CK_PANEL] __attribute__((aligned(64)));
    const size_t pairs = job->lanes;
    for (size_t p = panel_begin; p < panel_end; p++) {
        const uint32_t *w = (const uint32_t *)(job->packed + p * job->panel_bytes);
        dot_tile(rows, LINEAR_AHEAD, job->x + row * pairs, w, pairs, NULL, 0, accumulators, true);
        for (int r = 0; r < rows; r++)
            dot_write(
                accumulators + r * CK_PANEL,
                job->y + (row + (size_t)r) * job->ldy + (p - job->panel_begin) * CK_PANEL, job->add);
    }
}

DOT_TARGET static void dot_multiply(
    const linear_job *job, size_t panel_begin, size_t panel_end, size_t tile_begin, size_t tile_end) {
    if (tile_end - tile_begin > 1) {
        dot_wide(job, panel_begin, panel_end, tile_begin, tile_end);
        return;
    }
    const size_t row = tile_row(job, tile_begin);
#define ROWS(n) \
    case n: dot_narrow(n, job, panel_begin, panel_end, row); break;
    switch (tile_row(job, tile_end) - row) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
        ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
    }
#undef ROWS
}

const linear_kernel dot_linear_kernel = {
    .tile_rows = DOT_ROWS, .pairs = true, .pack = dot_pack, .multiply = dot_multiply,
};
#endif
