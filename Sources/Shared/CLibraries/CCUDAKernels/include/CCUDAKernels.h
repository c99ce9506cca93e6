#pragma once

#include <stddef.h>

#include "CUDAKernelArguments.h"

/// A file of the kernels' source, as it was when the program was built.
typedef struct {
    const char *name;
    const char *text;  // ends with a zero
} CUDAKernelFile;

/// What the driver's cuLaunchKernelEx takes (CUlaunchConfig and CUlaunchAttribute of NVIDIA's CUDA Driver API).
typedef struct {
    int name;
    int padding;
    int value;
    int rest[15];
} CUDALaunchAttribute;
typedef struct {
    unsigned grid[3], block[3], sharedBytes;
    void *stream;
    const CUDALaunchAttribute *attributes;
    unsigned attributeCount;
} CUDALaunchConfiguration;

/// The files, those that are only included by others first.
const CUDAKernelFile *cuda_kernel_files(size_t *count);
