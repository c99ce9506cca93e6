#if defined(__x86_64__)
// 12 rows by 2 vectors: 24 accumulators, 2 weights, and a value from memory, of 32 registers.
#define KERNELS ck_avx512_kernels
#define TILE_ROWS 12
#define PANELS_AT_ONCE 4
#define ROWS_AT_ONCE 2
#define TILE_VECTORS 2
#define PACKS_WHOLE_LINES 1
#define FEATURES target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#pragma clang attribute push(__attribute__((FEATURES)), apply_to = function)
#include "path_kernels.h"
#pragma clang attribute pop
#endif
