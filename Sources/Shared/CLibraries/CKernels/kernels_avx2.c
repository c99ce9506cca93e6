#if defined(__x86_64__)
// 6 rows by 1 vector, which is two registers: 12 accumulators, 2 weights and a value, of 16 registers.
#define KERNELS ck_avx2_kernels
#define TILE_ROWS 6
#define PANELS_AT_ONCE 2
#define ROWS_AT_ONCE 1
#define TILE_VECTORS 1
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "path_kernels.h"
#pragma clang attribute pop
#endif
