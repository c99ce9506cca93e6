#pragma once

/// The few instructions that the kernels need and CUDA C++ has no operator for; no header of CUDA is included. As host
/// code, for the tests' emulator, the same names are functions of the same meaning.

#define CUDA_KERNEL_SOURCE 1
#include "CUDAKernelArguments.h"

constexpr unsigned ALL_LANES = 0xffffffffu;

struct OperandA { unsigned r[4]; };    // of mma.m16n8k16: 16 by 16
struct OperandB { unsigned r[2]; };    // 16 by 8
struct Accumulator { float r[4]; };    // 16 by 8

#ifdef __CUDACC_RTC__
#define INLINE __device__ __forceinline__
/// Threads of a block at most, and blocks that a multiprocessor is to hold at least.
#define KERNEL(threads, blocks) extern "C" __global__ void __launch_bounds__(threads, blocks)
#define DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#define UNROLL _Pragma("unroll")

INLINE unsigned bits_of(float x) { return __float_as_uint(x); }
INLINE float float_of(unsigned bits) { return __uint_as_float(bits); }
INLINE unsigned long long bits_of(double x) { return (unsigned long long)__double_as_longlong(x); }
INLINE double double_of(unsigned long long bits) { return __longlong_as_double((long long)bits); }

/// Two floats rounded to the nearest bfloat16, ties to even; `low` in the low half.
INLINE unsigned pack_bfloat16(float low, float high) {
    unsigned packed;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}

/// d += a * b
INLINE void multiply(Accumulator &d, const OperandA &a, const OperandB &b) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d.r[0]), "+f"(d.r[1]), "+f"(d.r[2]), "+f"(d.r[3])
        : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "r"(b.r[0]), "r"(b.r[1]));
}

/// d[m][n] += a[m] * b[n]
template <int M, int N> INLINE void multiply(Accumulator (&d)[M][N], const OperandA (&a)[M], const OperandB (&b)[N]) {
    UNROLL
    for (int m = 0; m < M; m++)
        UNROLL
        for (int n = 0; n < N; n++) multiply(d[m][n], a[m], b[n]);
}

/// Four 8 by 8 matrices of 16-bit values from shared memory; lane i gives the address of row i % 8 of matrix i / 8.
INLINE OperandA load_matrices(const void *row) {
    OperandA f;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(f.r[0]), "=r"(f.r[1]), "=r"(f.r[2]), "=r"(f.r[3])
                 : "r"((unsigned)__cvta_generic_to_shared(row))
                 : "memory");
    return f;
}

/// Begins to copy 16 bytes from global to shared memory, or zeros where not `present`.
INLINE void copy16(void *shared, const void *global, bool present) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :: "r"((unsigned)__cvta_generic_to_shared(shared)), "l"(global), "r"(present ? 16 : 0)
                 : "memory");
}
INLINE void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits until at most `N` of this thread's groups are under way.
template <int N> INLINE void wait_for_copies() { asm volatile("cp.async.wait_group %0;" :: "n"(N) : "memory"); }

/// Waits until the kernel before has ended and its results can be seen. The host lets blocks be placed earlier, as soon as
/// all blocks of the kernel before are past this: what a kernel does first, it does while the one before computes. It may
/// read only what no kernel writes: weights, by `copy16` and `read_early`.
INLINE void wait_for_previous() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    // Asked for before the wait, kernels far ahead would take the room of those that come first: measured, on an H100.
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
INLINE float read_early(const float *at) { return *at; }
#else
#include "Emulation.h"
#endif

INLINE float widen_bfloat16(unsigned short x) { return float_of((unsigned)x << 16); }
INLINE unsigned short narrow_bfloat16(float x) { return (unsigned short)(pack_bfloat16(x, 0.0f) & 0xffffu); }
