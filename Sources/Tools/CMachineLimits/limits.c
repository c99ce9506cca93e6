#include "CMachineLimits.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <immintrin.h>

// 24 accumulators hide the latency of an instruction; the empty statements keep them in registers and alive.
#define ACCUMULATORS 24

#define LOOP(type, start, step, keep) \
    type acc[ACCUMULATORS]; \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) acc[i] = start; \
    for (size_t r = 0; r < rounds; r++) { \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) { acc[i] = step; } \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) { keep; } \
    }

__attribute__((target("avx512f"))) static void fma_avx512(size_t rounds) {
    __m512 x = _mm512_set1_ps(0.5f);
    LOOP(__m512, _mm512_setzero_ps(), _mm512_fmadd_ps(x, x, acc[i]), __asm__ volatile("" : "+v"(acc[i])))
}

__attribute__((target("avx2,fma"))) static void fma_avx2(size_t rounds) {
    __m256 x = _mm256_set1_ps(0.5f);
#undef ACCUMULATORS
#define ACCUMULATORS 12
    LOOP(__m256, _mm256_setzero_ps(), _mm256_fmadd_ps(x, x, acc[i]), __asm__ volatile("" : "+x"(acc[i])))
#undef ACCUMULATORS
#define ACCUMULATORS 24
}

__attribute__((target("avx512f,avx512bf16"))) static void dot_avx512(size_t rounds) {
    __m512bh x = (__m512bh)_mm512_set1_epi32(0x3f003f00);
    LOOP(__m512, _mm512_setzero_ps(), _mm512_dpbf16_ps(acc[i], x, x), __asm__ volatile("" : "+v"(acc[i])))
}

double limits_float32_operations(size_t rounds) {
    if (__builtin_cpu_supports("avx512f")) {
        fma_avx512(rounds);
        return (double)rounds * 24 * 16 * 2;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        fma_avx2(rounds);
        return (double)rounds * 12 * 8 * 2;
    }
    return 0;
}

double limits_bfloat16_operations(size_t rounds) {
    if (!__builtin_cpu_supports("avx512bf16")) return 0;
    dot_avx512(rounds);
    return (double)rounds * 24 * 16 * 4;
}
#else
double limits_float32_operations(size_t rounds) { return 0 * (double)rounds; }
double limits_bfloat16_operations(size_t rounds) { return 0 * (double)rounds; }
#endif

typedef uint64_t lanes __attribute__((vector_size(64)));

uint64_t limits_read(const void *memory, size_t bytes) {
    const lanes *at = memory;
    lanes sum[4] = {0};
    for (size_t i = 0; i + 4 <= bytes / 64; i += 4) {
        __builtin_prefetch((const char *)(at + i) + 4096, 0, 3);
        __builtin_prefetch((const char *)(at + i) + 4160, 0, 3);
        __builtin_prefetch((const char *)(at + i) + 4224, 0, 3);
        __builtin_prefetch((const char *)(at + i) + 4288, 0, 3);
        for (int j = 0; j < 4; j++) sum[j] ^= at[i + j];
    }
    lanes all = sum[0] ^ sum[1] ^ sum[2] ^ sum[3];
    uint64_t result = 0;
    for (int i = 0; i < 8; i++) result ^= all[i];
    return result;
}


void *limits_allocate(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    madvise(memory, bytes, MADV_HUGEPAGE);
    memset(memory, 1, bytes);
    return memory;
}

void limits_free(void *memory, size_t bytes) {
    if (memory) munmap(memory, bytes);
}
