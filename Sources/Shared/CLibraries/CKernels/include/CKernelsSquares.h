// Sums of squared errors, defined to the bit like the projection's other kernels.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// sums[o] = sum over r = 0 ..< rows of e[r, o]^2 in double, in the order of r, from 0. `e` is [rows, outputs].
void projection_squares(const float *e, size_t rows, size_t outputs, double *sums);

#ifdef __cplusplus
}
#endif
