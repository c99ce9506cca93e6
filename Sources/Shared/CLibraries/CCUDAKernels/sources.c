#include "CCUDAKernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char arguments[] = {
#embed "include/CUDAKernelArguments.h" suffix(, 0)
};
static const char instructions[] = {
#embed "Kernels/instructions.cuh" suffix(, 0)
};
static const char functions[] = {
#embed "Kernels/functions.cuh" suffix(, 0)
};
static const char rows[] = {
#embed "Kernels/rows.cu" suffix(, 0)
};
static const char linear[] = {
#embed "Kernels/linear.cu" suffix(, 0)
};
static const char attention[] = {
#embed "Kernels/attention.cu" suffix(, 0)
};
static const char hopper[] = {
#embed "Kernels/hopper.cu" suffix(, 0)
};

static const CUDAKernelFile files[] = {
    {"CUDAKernelArguments.h", arguments}, {"instructions.cuh", instructions}, {"functions.cuh", functions},
    {"rows.cu", rows},                    {"linear.cu", linear},              {"attention.cu", attention},
    {"hopper.cu", hopper},
};

const CUDAKernelFile *cuda_kernel_files(size_t *count) {
    *count = sizeof files / sizeof *files;
    return files;
}
