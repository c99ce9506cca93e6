#pragma once
#include <cblas.h>

// LAPACK's Cholesky factorisation (Fortran: column-major, every argument by address). OpenBLAS implements it
// itself, in C, so no hidden length of `uplo` is passed.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
