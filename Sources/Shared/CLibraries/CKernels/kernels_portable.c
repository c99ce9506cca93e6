// No more than the compiler's base instruction set: without a fused multiply-add each one is a call of fmaf.
#define KERNELS ck_portable_kernels
#define TILE_ROWS 4
#define PANELS_AT_ONCE 1
#define ROWS_AT_ONCE 1
#define TILE_VECTORS 1
#include "path_kernels.h"
