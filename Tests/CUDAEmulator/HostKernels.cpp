#include "HostKernels.h"

#include "Kernels/rows.cu"
#include "Kernels/linear.cu"
#include "Kernels/attention.cu"

namespace {
template <typename A, void (*kernel)(A)> void call(const void *argument) { kernel(*(const A *)argument); }

#define ENTRY(name, arguments, threads) HostKernel{#name, call<const arguments, name>, sizeof(arguments), threads}
const HostKernel kernels[] = {
    ENTRY(embed, embed_arguments, 256),
    ENTRY(rotary_table, rotary_arguments, 256),
    ENTRY(rms_norm, norm_arguments, 1024),
    ENTRY(store, store_arguments, 256),
    ENTRY(gate, gate_arguments, 256),
    ENTRY(copy_rows, copy_rows_arguments, 256),
    ENTRY(inject, inject_arguments, 256),
    ENTRY(soft_cap, soft_cap_arguments, 256),
    ENTRY(argmax_parts, argmax_arguments, 256),
    ENTRY(argmax, argmax_arguments, 32),
    ENTRY(softmax_sums, softmax_arguments, 256),
    ENTRY(pick, pick_arguments, 256),
    ENTRY(find_not_finite, find_not_finite_arguments, 256),
    ENTRY(linear_8_rows, linear_arguments, 64),
    ENTRY(linear_8_rows_deep, linear_arguments, 64),
    ENTRY(linear_16_rows, linear_arguments, 64),
    ENTRY(linear_16_rows_deep, linear_arguments, 64),
    ENTRY(linear_32_rows, linear_arguments, 64),
    ENTRY(linear_64_rows, linear_arguments, 64),
    ENTRY(linear_many_rows, linear_arguments, 128),
    ENTRY(linear_wide, linear_wide_arguments, 256),
    ENTRY(attention, attention_arguments, 256),
    ENTRY(attention_long, attention_arguments, 256),
    ENTRY(attention_few_blocks, attention_arguments, 256),
};
}

const HostKernel *host_kernel(const char *name) {
    for (const HostKernel &kernel : kernels)
        if (!strcmp(kernel.name, name)) return &kernel;
    return nullptr;
}
