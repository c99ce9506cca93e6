#include "context.h"
#include "dot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const path_kernels *kernels_of(ck_path path) {
    switch (path) {
    case CK_PATH_PORTABLE: return &ck_portable_kernels;
#if defined(__x86_64__)
    case CK_PATH_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &ck_avx2_kernels : NULL;
    case CK_PATH_AVX512BF16:
        if (!dot_is_supported()) return NULL;
        // All else is what AVX-512 does.
        __attribute__((fallthrough));
    case CK_PATH_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                && __builtin_cpu_supports("fma")
            ? &ck_avx512_kernels : NULL;
#endif
    default: return NULL;
    }
}

bool ck_path_is_supported(ck_path path) { return kernels_of(path) != NULL; }

ck_context *ck_context_create(ck_path path, int threads) {
    const path_kernels *kernels = kernels_of(path);
    if (!kernels || threads < 1) return NULL;
    ck_context *context = calloc(1, sizeof(ck_context));
    if (!context) return NULL;
    context->kernels = kernels;
    context->has_dot = path == CK_PATH_AVX512BF16;
    context->scratch = calloc((size_t)threads, sizeof(float *));
    context->pool = ck_pool_create(threads);
    if (context->scratch && context->pool) return context;
    ck_context_destroy(context);
    return NULL;
}

void ck_context_destroy(ck_context *context) {
    if (!context) return;
    for (int i = 0; context->scratch && context->pool && i < ck_pool_threads(context->pool); i++)
        ck_free(context->scratch[i], context->scratch_floats * sizeof(float));
    ck_pool_destroy(context->pool);
    ck_free(context->rounded, context->rounded_bytes);
    free(context->scratch);
    free(context);
}

// Memory comes from mmap from this size on, so that the system can back it with huge pages and takes it back
// when it is freed.
#define MAPPED_BYTES ((size_t)1 << 21)

void *ck_allocate(size_t bytes) {
    if (bytes < MAPPED_BYTES) {
        size_t whole = round_up(bytes ? bytes : 1, 64);
        void *memory = aligned_alloc(64, whole);
        return memory ? memset(memory, 0, whole) : NULL;
    }
    // Reserve one huge page more than needed, and give back what lies before and after an aligned start.
    size_t whole = round_up(bytes, MAPPED_BYTES);
    if (whole < bytes || whole + MAPPED_BYTES < whole) return NULL;
    char *mapping = mmap(NULL, whole + MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    size_t before = round_up((uintptr_t)mapping, MAPPED_BYTES) - (uintptr_t)mapping;
    if (before) munmap(mapping, before);
    munmap(mapping + before + whole, MAPPED_BYTES - before);
    madvise(mapping + before, whole, MADV_HUGEPAGE);
    return mapping + before;
}

void ck_free(void *memory, size_t bytes) {
    if (!memory) return;
    if (bytes < MAPPED_BYTES) free(memory);
    else munmap(memory, round_up(bytes, MAPPED_BYTES));
}

size_t ck_row_stride(size_t columns) { return round_up(columns, CK_PANEL) + 16; }
