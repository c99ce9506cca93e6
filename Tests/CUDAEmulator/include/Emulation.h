#pragma once

/// Runs CUDA C++ kernels, compiled as host code, one block after the other on the calling thread. Each thread of a block
/// is a fiber: it runs until it comes to a barrier or to an instruction that a whole warp executes together.
///
/// What it finds: deadlocks, lanes of a warp that meet at different instructions, shared memory beyond what a launch
/// gave, copies that are used before they were waited for, and with a sanitizer races and accesses out of bounds.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

struct alignas(16) float4 { float x, y, z, w; };

#define INLINE inline
#define UNROLL
#define __shared__ thread_local  // the fibers of a block share one thread of the system
#define KERNEL(threads, blocks) extern "C" void
#define DYNAMIC_SHARED(name) unsigned char *name = emulation::dynamic_shared()

namespace emulation {
struct Index { unsigned x, y, z; };

struct Copy { void *to; const void *from; bool present; unsigned group; };

/// Where the lanes of a warp meet. There are two sets, since a lane may be one meeting ahead of another.
struct Warp {
    unsigned arrived, generation;
    const char *kind[2];
    uint64_t slots[2][32][4];
    uint64_t results[2][32][2];
};

struct Thread {
    Index index;
    unsigned lane;
    Warp *warp;
    void *stack;              // where it goes on
    const unsigned *blocked;  // runs again once *blocked differs from `seen`
    unsigned seen;
    bool ended;
    bool hasWaited;           // for the kernel before
    int line;                 // of what it waits at
    const char *what;
    void *sanitizer;
    Copy copies[256];         // begun and not ended, the oldest first
    unsigned firstCopy, endCopy, group;
};

extern thread_local Thread *current;
extern thread_local Index block, blockSize, gridSize;

struct Options {
    uint64_t seed = 0;        // 0: warps in order; else which one goes on is drawn now and then
    bool earlyCopies = false; // asynchronous copies happen where they begin, not where they are waited for
    int capability = 9;       // whose tensor cores' arithmetic: compute capability 8.x or 9.0
};
extern thread_local Options options;
/// Told of what a kernel reads before it has waited for the one before: no kernel may write there.
extern void (*early_read)(const void *at);

[[noreturn]] void fail(const char *format, ...);
unsigned char *dynamic_shared();
void launch(Index grid, Index block, unsigned dynamicBytes, void (*body)(const void *), const void *context, const char *name);

void wait_for_previous();
/// A kernel reads there: early, where it has not waited yet.
void note_read(const void *at);
void barrier(int line);
void synchronize_warp(int line);
uint64_t shuffle(uint64_t value, unsigned lane, int line);
void begin_copy(void *to, const void *from, bool present);
void commit_copies();
void wait_for_copies(unsigned groups);
/// d[m][n] += a[m] * b[n]
void multiply(float *d, const unsigned *a, const unsigned *b, int m, int n, int line);
void load_matrices(unsigned out[4], const void *row, int line);
}

#define threadIdx (emulation::current->index)
#define blockIdx (emulation::block)
#define blockDim (emulation::blockSize)
#define gridDim (emulation::gridSize)

inline void __syncthreads(int line = __builtin_LINE()) { emulation::barrier(line); }
inline void __syncwarp(int line = __builtin_LINE()) { emulation::synchronize_warp(line); }
template <typename T> inline T __shfl_xor_sync(unsigned, T value, int bits, int line = __builtin_LINE()) {
    uint64_t raw = 0;
    memcpy(&raw, &value, sizeof value);
    raw = emulation::shuffle(raw, emulation::current->lane ^ (unsigned)bits, line);
    memcpy(&value, &raw, sizeof value);
    return value;
}
template <typename T> inline T min(T a, T b) { return b < a ? b : a; }
template <typename T> inline T max(T a, T b) { return a < b ? b : a; }
inline void atomicMin(unsigned long long *at, unsigned long long value) {
    unsigned long long old = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (old > value && !__atomic_compare_exchange_n(at, &old, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

// ---- What instructions.cuh has for the device

inline unsigned bits_of(float x) { unsigned u; memcpy(&u, &x, 4); return u; }
inline float float_of(unsigned u) { float x; memcpy(&x, &u, 4); return x; }
inline unsigned long long bits_of(double x) { unsigned long long u; memcpy(&u, &x, 8); return u; }
inline double double_of(unsigned long long u) { double x; memcpy(&x, &u, 8); return x; }
inline unsigned pack_bfloat16(float low, float high) {
    auto narrow = [](float x) -> unsigned {
        const unsigned u = bits_of(x);
        if ((u & 0x7fffffffu) > 0x7f800000u) return 0x7fffu;
        return (u + 0x7fffu + (u >> 16 & 1u)) >> 16;
    };
    return narrow(low) | narrow(high) << 16;
}
template <int M, int N>
inline void multiply(Accumulator (&d)[M][N], const OperandA (&a)[M], const OperandB (&b)[N], int line = __builtin_LINE()) {
    emulation::multiply(d[0][0].r, a[0].r, b[0].r, M, N, line);
}
inline OperandA load_matrices(const void *row, int line = __builtin_LINE()) {
    OperandA f;
    emulation::load_matrices(f.r, row, line);
    return f;
}
inline void wait_for_previous() { emulation::wait_for_previous(); }
inline float read_early(const float *at) { emulation::note_read(at); return *at; }
inline void copy16(void *shared, const void *global, bool present) { emulation::begin_copy(shared, global, present); }
inline void commit_copies() { emulation::commit_copies(); }
template <int N> inline void wait_for_copies() { emulation::wait_for_copies(N); }
