#include "functions.cuh"

// Products of bfloat16 on compute capability 9.0 alone, by its instructions of four warps together. They have the bits of
// the kernels of linear.cu, which is what the host compares before it uses them; no emulator runs them.

INLINE int place(int row, int part) { return (row * 8 + (part ^ row % 8)) * 16; }

/// Describes rows of 128 bytes in shared memory to the tensor cores: 8 rows after 8 rows, swizzled as `place` does.
INLINE unsigned long long describe(const unsigned char *rows) {
    const unsigned long long address = (unsigned)__cvta_generic_to_shared(rows);
    return (address & 0x3ffffu) >> 4 | 1ull << 16 | 64ull << 32 | 1ull << 62;
}

/// d += a b: 64 outputs by as many rows as there are accumulators of 8, 16 inputs.
INLINE void multiply_group(Accumulator (&d)[4], unsigned long long a, unsigned long long b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}, "
        "%16, %17, 1, 1, 1, 0, 0;"
        : "+f"(d[0].r[0]), "+f"(d[0].r[1]), "+f"(d[0].r[2]), "+f"(d[0].r[3]),
          "+f"(d[1].r[0]), "+f"(d[1].r[1]), "+f"(d[1].r[2]), "+f"(d[1].r[3]),
          "+f"(d[2].r[0]), "+f"(d[2].r[1]), "+f"(d[2].r[2]), "+f"(d[2].r[3]),
          "+f"(d[3].r[0]), "+f"(d[3].r[1]), "+f"(d[3].r[2]), "+f"(d[3].r[3])
        : "l"(a), "l"(b));
}
INLINE void multiply_group(Accumulator (&d)[8], unsigned long long a, unsigned long long b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
        "%32, %33, 1, 1, 1, 0, 0;"
        : "+f"(d[0].r[0]), "+f"(d[0].r[1]), "+f"(d[0].r[2]), "+f"(d[0].r[3]),
          "+f"(d[1].r[0]), "+f"(d[1].r[1]), "+f"(d[1].r[2]), "+f"(d[1].r[3]),
          "+f"(d[2].r[0]), "+f"(d[2].r[1]), "+f"(d[2].r[2]), "+f"(d[2].r[3]),
          "+f"(d[3].r[0]), "+f"(d[3].r[1]), "+f"(d[3].r[2]), "+f"(d[3].r[3]),
          "+f"(d[4].r[0]), "+f"(d[4].r[1]), "+f"(d[4].r[2]), "+f"(d[4].r[3]),
          "+f"(d[5].r[0]), "+f"(d[5].r[1]), "+f"(d[5].r[2]), "+f"(d[5].r[3]),
          "+f"(d[6].r[0]), "+f"(d[6].r[1]), "+f"(d[6].r[2]), "+f"(d[6].r[3]),
          "+f"(d[7].r[0]), "+f"(d[7].r[1]), "+f"(d[7].r[2]), "+f"(d[7].r[3])
        : "l"(a), "l"(b));
}
INLINE void multiply_group(Accumulator (&d)[16], unsigned long long a, unsigned long long b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "%64, %65, 1, 1, 1, 0, 0;"
        : "+f"(d[0].r[0]), "+f"(d[0].r[1]), "+f"(d[0].r[2]), "+f"(d[0].r[3]),
          "+f"(d[1].r[0]), "+f"(d[1].r[1]), "+f"(d[1].r[2]), "+f"(d[1].r[3]),
          "+f"(d[2].r[0]), "+f"(d[2].r[1]), "+f"(d[2].r[2]), "+f"(d[2].r[3]),
          "+f"(d[3].r[0]), "+f"(d[3].r[1]), "+f"(d[3].r[2]), "+f"(d[3].r[3]),
          "+f"(d[4].r[0]), "+f"(d[4].r[1]), "+f"(d[4].r[2]), "+f"(d[4].r[3]),
          "+f"(d[5].r[0]), "+f"(d[5].r[1]), "+f"(d[5].r[2]), "+f"(d[5].r[3]),
          "+f"(d[6].r[0]), "+f"(d[6].r[1]), "+f"(d[6].r[2]), "+f"(d[6].r[3]),
          "+f"(d[7].r[0]), "+f"(d[7].r[1]), "+f"(d[7].r[2]), "+f"(d[7].r[3]),
          "+f"(d[8].r[0]), "+f"(d[8].r[1]), "+f"(d[8].r[2]), "+f"(d[8].r[3]),
          "+f"(d[9].r[0]), "+f"(d[9].r[1]), "+f"(d[9].r[2]), "+f"(d[9].r[3]),
          "+f"(d[10].r[0]), "+f"(d[10].r[1]), "+f"(d[10].r[2]), "+f"(d[10].r[3]),
          "+f"(d[11].r[0]), "+f"(d[11].r[1]), "+f"(d[11].r[2]), "+f"(d[11].r[3]),
          "+f"(d[12].r[0]), "+f"(d[12].r[1]), "+f"(d[12].r[2]), "+f"(d[12].r[3]),
          "+f"(d[13].r[0]), "+f"(d[13].r[1]), "+f"(d[13].r[2]), "+f"(d[13].r[3]),
          "+f"(d[14].r[0]), "+f"(d[14].r[1]), "+f"(d[14].r[2]), "+f"(d[14].r[3]),
          "+f"(d[15].r[0]), "+f"(d[15].r[1]), "+f"(d[15].r[2]), "+f"(d[15].r[3])
        : "l"(a), "l"(b));
}
INLINE void multiply_group(Accumulator (&d)[32], unsigned long long a, unsigned long long b) {
    asm volatile(
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {"
        "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
        "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, "
        "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, "
        "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "
        "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "
        "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, "
        "%112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
        "%128, %129, 1, 1, 1, 0, 0;"
        : "+f"(d[0].r[0]), "+f"(d[0].r[1]), "+f"(d[0].r[2]), "+f"(d[0].r[3]),
          "+f"(d[1].r[0]), "+f"(d[1].r[1]), "+f"(d[1].r[2]), "+f"(d[1].r[3]),
          "+f"(d[2].r[0]), "+f"(d[2].r[1]), "+f"(d[2].r[2]), "+f"(d[2].r[3]),
          "+f"(d[3].r[0]), "+f"(d[3].r[1]), "+f"(d[3].r[2]), "+f"(d[3].r[3]),
          "+f"(d[4].r[0]), "+f"(d[4].r[1]), "+f"(d[4].r[2]), "+f"(d[4].r[3]),
          "+f"(d[5].r[0]), "+f"(d[5].r[1]), "+f"(d[5].r[2]), "+f"(d[5].r[3]),
          "+f"(d[6].r[0]), "+f"(d[6].r[1]), "+f"(d[6].r[2]), "+f"(d[6].r[3]),
          "+f"(d[7].r[0]), "+f"(d[7].r[1]), "+f"(d[7].r[2]), "+f"(d[7].r[3]),
          "+f"(d[8].r[0]), "+f"(d[8].r[1]), "+f"(d[8].r[2]), "+f"(d[8].r[3]),
          "+f"(d[9].r[0]), "+f"(d[9].r[1]), "+f"(d[9].r[2]), "+f"(d[9].r[3]),
          "+f"(d[10].r[0]), "+f"(d[10].r[1]), "+f"(d[10].r[2]), "+f"(d[10].r[3]),
          "+f"(d[11].r[0]), "+f"(d[11].r[1]), "+f"(d[11].r[2]), "+f"(d[11].r[3]),
          "+f"(d[12].r[0]), "+f"(d[12].r[1]), "+f"(d[12].r[2]), "+f"(d[12].r[3]),
          "+f"(d[13].r[0]), "+f"(d[13].r[1]), "+f"(d[13].r[2]), "+f"(d[13].r[3]),
          "+f"(d[14].r[0]), "+f"(d[14].r[1]), "+f"(d[14].r[2]), "+f"(d[14].r[3]),
          "+f"(d[15].r[0]), "+f"(d[15].r[1]), "+f"(d[15].r[2]), "+f"(d[15].r[3]),
          "+f"(d[16].r[0]), "+f"(d[16].r[1]), "+f"(d[16].r[2]), "+f"(d[16].r[3]),
          "+f"(d[17].r[0]), "+f"(d[17].r[1]), "+f"(d[17].r[2]), "+f"(d[17].r[3]),
          "+f"(d[18].r[0]), "+f"(d[18].r[1]), "+f"(d[18].r[2]), "+f"(d[18].r[3]),
          "+f"(d[19].r[0]), "+f"(d[19].r[1]), "+f"(d[19].r[2]), "+f"(d[19].r[3]),
          "+f"(d[20].r[0]), "+f"(d[20].r[1]), "+f"(d[20].r[2]), "+f"(d[20].r[3]),
          "+f"(d[21].r[0]), "+f"(d[21].r[1]), "+f"(d[21].r[2]), "+f"(d[21].r[3]),
          "+f"(d[22].r[0]), "+f"(d[22].r[1]), "+f"(d[22].r[2]), "+f"(d[22].r[3]),
          "+f"(d[23].r[0]), "+f"(d[23].r[1]), "+f"(d[23].r[2]), "+f"(d[23].r[3]),
          "+f"(d[24].r[0]), "+f"(d[24].r[1]), "+f"(d[24].r[2]), "+f"(d[24].r[3]),
          "+f"(d[25].r[0]), "+f"(d[25].r[1]), "+f"(d[25].r[2]), "+f"(d[25].r[3]),
          "+f"(d[26].r[0]), "+f"(d[26].r[1]), "+f"(d[26].r[2]), "+f"(d[26].r[3]),
          "+f"(d[27].r[0]), "+f"(d[27].r[1]), "+f"(d[27].r[2]), "+f"(d[27].r[3]),
          "+f"(d[28].r[0]), "+f"(d[28].r[1]), "+f"(d[28].r[2]), "+f"(d[28].r[3]),
          "+f"(d[29].r[0]), "+f"(d[29].r[1]), "+f"(d[29].r[2]), "+f"(d[29].r[3]),
          "+f"(d[30].r[0]), "+f"(d[30].r[1]), "+f"(d[30].r[2]), "+f"(d[30].r[3]),
          "+f"(d[31].r[0]), "+f"(d[31].r[1]), "+f"(d[31].r[2]), "+f"(d[31].r[3])
        : "l"(a), "l"(b));
}

INLINE void begin_group() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
INLINE void commit_group() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int N> INLINE void wait_for_groups() { asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(N) : "memory"); }
/// What was copied to shared memory is there for the tensor cores, too.
INLINE void show_copies() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/// Copies 64 inputs of each of ROWS rows, round after round: what a thread copies is at fixed distances.
template <int ROWS, int THREADS> struct Copier {
    static constexpr int COUNT = (ROWS * 8 + THREADS - 1) / THREADS;
    const unsigned short *from[COUNT];
    bool present[COUNT];
    int to;

    INLINE Copier(const unsigned short *matrix, int inputs, int row0, int rows) {
        const int first = threadIdx.x / 8, part = threadIdx.x % 8;
        to = place(first, part);
        UNROLL
        for (int i = 0; i < COUNT; i++) {
            const int row = row0 + i * (THREADS / 8) + first;
            present[i] = row < rows && i * (THREADS / 8) + first < ROWS;
            from[i] = matrix + (size_t)(present[i] ? row : 0) * inputs + part * 8;
        }
    }
    INLINE void copy(unsigned char *stage) {
        UNROLL
        for (int i = 0; i < COUNT; i++) {
            if (ROWS * 8 >= THREADS || threadIdx.x < ROWS * 8) copy16(stage + to + i * THREADS * 16, from[i], present[i]);
            from[i] += 64;
        }
    }
};

/// A block of GROUPS groups of four warps computes GROUPS * 64 outputs of ROWS rows, STAGES - 2 rounds of 64 inputs ahead.
/// Blocks (rows / ROWS, outputs / (GROUPS * 64)).
template <int ROWS, int GROUPS, int STAGES> INLINE void hopper(const linear_arguments &a) {
    constexpr int OUTPUTS = GROUPS * 64, THREADS = GROUPS * 128, WEIGHTS = OUTPUTS * 128, STAGE = WEIGHTS + ROWS * 128;
    extern __shared__ __align__(1024) unsigned char memory[];
    const int thread = threadIdx.x, lane = thread % 32, group = thread / 128;
    const int row0 = blockIdx.x * ROWS, output0 = blockIdx.y * OUTPUTS, rounds = a.inputs / 64;
    Copier<OUTPUTS, THREADS> weights(a.weights, a.inputs, output0, a.outputs);
    Copier<ROWS, THREADS> rows(a.input, a.inputs, row0, a.rows);
    unsigned char *filled = memory;
    auto next = [&] { filled = filled == memory + (STAGES - 1) * STAGE ? memory : filled + STAGE; };
    Accumulator sums[ROWS / 8];
    UNROLL
    for (int j = 0; j < ROWS / 8; j++) sums[j] = Accumulator{{0, 0, 0, 0}};
    // Weights of the first rounds come while the kernel before computes the inputs.
    UNROLL
    for (int s = 0; s < STAGES - 2; s++) {
        if (s < rounds) weights.copy(filled);
        next();
    }
    wait_for_previous();
    filled = memory;
    UNROLL
    for (int s = 0; s < STAGES - 2; s++) {
        if (s < rounds) rows.copy(filled + WEIGHTS);
        next();
        commit_copies();
    }
    const unsigned char *stage = memory;
    for (int round = 0; round < rounds; round++) {
        wait_for_copies<STAGES - 3>();
        show_copies();
        // This round's operands are there; the products of the round before the last are done in all groups.
        __syncthreads();
        begin_group();
        UNROLL
        for (int s = 0; s < 4; s++)
            multiply_group(sums, describe(stage + group * 64 * 128 + s * 32), describe(stage + WEIGHTS + s * 32));
        commit_group();
        if (round + STAGES - 2 < rounds) {
            weights.copy(filled);
            rows.copy(filled + WEIGHTS);
            next();
        }
        commit_copies();
        wait_for_groups<1>();
        stage = stage == memory + (STAGES - 1) * STAGE ? memory : stage + STAGE;
    }
    wait_for_groups<0>();
    const int output = output0 + group * 64 + thread % 128 / 32 * 16 + lane / 4;
    UNROLL
    for (int j = 0; j < ROWS / 8; j++)
        UNROLL
        for (int e = 0; e < 4; e++) {
            const int o = output + e / 2 * 8, row = row0 + j * 8 + lane % 4 * 2 + e % 2;
            if (o >= a.outputs || row >= a.rows) continue;
            float *to = a.output + (size_t)row * a.stride + o;
            const float y = a.accumulate ? *to + sums[j].r[e] : sums[j].r[e];
            *to = a.bias ? y + a.bias[o] : y;
        }
}

KERNEL(128, 1) hopper_32_rows(const linear_arguments a) { hopper<32, 1, 8>(a); }
KERNEL(128, 1) hopper_64_rows(const linear_arguments a) { hopper<64, 1, 6>(a); }
KERNEL(256, 1) hopper_128_rows(const linear_arguments a) { hopper<128, 2, 4>(a); }
KERNEL(256, 1) hopper_256_rows(const linear_arguments a) { hopper<256, 2, 4>(a); }
// Where outputs are few, so are the blocks, and each must have more under way.
KERNEL(128, 1) hopper_32_rows_deep(const linear_arguments a) { hopper<32, 1, 12>(a); }
KERNEL(128, 1) hopper_64_rows_deep(const linear_arguments a) { hopper<64, 1, 12>(a); }
