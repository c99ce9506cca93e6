#include "CKernelsSquares.h"

// The square of a float is exact in double, so a fused sum would have the same bits; it stays plain to be read.
#pragma STDC FP_CONTRACT OFF

void projection_squares(const float *e, size_t rows, size_t outputs, double *sums) {
    for (size_t o = 0; o < outputs; o++) sums[o] = 0;
    for (size_t r = 0; r < rows; r++) {
        const float *row = e + r * outputs;
        for (size_t o = 0; o < outputs; o++) sums[o] += (double)row[o] * (double)row[o];
    }
}
