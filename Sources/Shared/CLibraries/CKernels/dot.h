#pragma once
#include "jobs.h"

#if defined(__x86_64__)
/// Whether this CPU has the instruction for products of bfloat16 pairs, and it computes what the other paths compute:
/// see `dot.c`.
bool dot_is_supported(void);

/// Linear layers over bfloat16 weights and activations that are rounded to bfloat16, with that instruction: a lane of x
/// holds a pair of inputs, the even one in its lower half.
extern const linear_kernel dot_linear_kernel;
#endif
