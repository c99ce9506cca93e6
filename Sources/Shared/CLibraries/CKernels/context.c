#include "context.h"
#include "dot.h"

#include <stdlib.h>

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

static const linear_kernel *linear_kernel_of(ck_path path, ck_product product) {
#if defined(__x86_64__)
    if (path == CK_PATH_AVX512BF16 && product == CK_PRODUCT_ROUNDED) return &dot_linear_kernel;
#else
    (void)product;
#endif
    return &kernels_of(path)->linear;
}

bool ck_path_is_supported(ck_path path) { return kernels_of(path) != NULL; }

void ck_choose_linear(ck_context *context, ck_product product, size_t row_class, ck_path path) {
    context->linear[product][row_class] = linear_kernel_of(path, product);
}

ck_context *ck_context_create(ck_path path, int threads) {
    const path_kernels *kernels = kernels_of(path);
    if (!kernels || threads < 1) return NULL;
    ck_context *context = calloc(1, sizeof(ck_context));
    if (!context) return NULL;
    context->path = path;
    context->kernels = kernels;
    for (int product = 0; product < CK_PRODUCTS; product++)
        for (size_t class = 0; class < CK_ROW_CLASSES; class++)
            ck_choose_linear(context, (ck_product)product, class, path);
    context->scratch = calloc((size_t)threads, sizeof(float *));
    context->pool = ck_pool_create(threads);
    if (context->scratch && context->pool) return context;
    ck_context_destroy(context);
    return NULL;
}

void ck_context_destroy(ck_context *context) {
    if (!context) return;
    for (int i = 0; context->scratch && context->pool && i < ck_pool_threads(context->pool); i++)
        memory_free(context->scratch[i], context->scratch_floats * sizeof(float));
    ck_pool_destroy(context->pool);
    memory_free(context->rows, context->rows_bytes);
    memory_free(context->packed, context->packed_floats * sizeof(float));
    memory_free(context->packed_targets, context->packed_target_floats * sizeof(float));
    free(context->scratch);
    free(context);
}

size_t ck_row_stride(size_t columns) { return round_up(columns, CK_PANEL) + 16; }
