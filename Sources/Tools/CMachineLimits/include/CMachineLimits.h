#pragma once

/// What one core of this machine can do at best, for comparison: loops that do nothing else.

#include <stddef.h>
#include <stdint.h>

/// Does some float32 fused multiply-adds in registers and returns how many operations that were (a multiply-add is
/// two), or 0 where the CPU has no vectors of them.
double limits_float32_operations(size_t rounds);

/// The same with products of bfloat16 pairs; 0 where the CPU has no instruction for them.
double limits_bfloat16_operations(size_t rounds);

/// Reads `bytes` bytes, a multiple of 4096, from memory at a 64-byte boundary, and returns something of them.
uint64_t limits_read(const void *memory, size_t bytes);

/// Memory for `limits_read`, written to, in huge pages where the system grants them; NULL when refused.
void *limits_allocate(size_t bytes);
void limits_free(void *memory, size_t bytes);
