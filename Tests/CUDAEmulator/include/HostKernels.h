#pragma once
#include <cstddef>

/// A kernel as host code.
struct HostKernel {
    const char *name;
    void (*call)(const void *argument);
    size_t argumentBytes;
    unsigned maximumThreads;
};
/// nullptr where there is none of that name.
const HostKernel *host_kernel(const char *name);
