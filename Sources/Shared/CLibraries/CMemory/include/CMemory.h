// Memory of this process for large arrays.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Zeroed memory at a 64-byte boundary (2 MiB, with huge pages asked for, where it is large). NULL when refused.
void *memory_allocate(size_t bytes);

/// Gives back what `memory_allocate` gave for so many bytes.
void memory_free(void *memory, size_t bytes);

#ifdef __cplusplus
}
#endif
