#include "functions.cuh"

// y[r, o] = sum over k of x[r, k] w[o, k].
//
// The law of bfloat16 products: each output is ONE accumulator in the tensor core, to which 16 products at a time are
// added, k = 0 ..< 16, 16 ..< 32, ..., whatever the number of rows. Operand A is 16 outputs by 16 inputs, operand B 16
// inputs by 8 rows. Weights are row-major, as they are stored.

/// Where 16 bytes of a row of 64 inputs lie in shared memory, so that no two of 8 rows meet in a bank.
INLINE int place(int row, int part) { return (row * 8 + (part ^ row % 8)) * 16; }

/// Of an accumulator a lane holds outputs lane / 4 and lane / 4 + 8 of rows lane % 4 * 2 and the next.
INLINE void store(const linear_arguments &a, int output0, int row0, const Accumulator &sum) {
    const int lane = threadIdx.x % 32;
    UNROLL
    for (int e = 0; e < 4; e++) {
        const int output = output0 + lane / 4 + e / 2 * 8, row = row0 + lane % 4 * 2 + e % 2;
        if (output >= a.outputs || row >= a.rows) continue;
        float *to = a.output + (size_t)row * a.stride + output;
        const float y = a.accumulate ? *to + sum.r[e] : sum.r[e];
        *to = a.bias ? y + a.bias[output] : y;
    }
}

/// Few rows, up to 8 * TILES: a warp computes 16 outputs and reads their weights once, STAGES - 1 rounds of 64 inputs
/// ahead; the block's warps share the rows. A thread's addresses grow by fixed distances.
template <int TILES, int WARPS, int STAGES> INLINE void few_rows(const linear_arguments &a) {
    constexpr int WEIGHTS = WARPS * 16 * 128, STAGE = WEIGHTS + TILES * 8 * 128;
    constexpr int COPIES = (TILES * 64 + WARPS * 32 - 1) / (WARPS * 32);
    DYNAMIC_SHARED(memory);
    const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32, part = thread % 8;
    const int output0 = (blockIdx.x * WARPS + warp) * 16, rounds = a.inputs / 64;
    const unsigned short *weights[4], *inputs[COPIES];
    bool isOutput[4], isRow[COPIES];
    UNROLL
    for (int i = 0; i < 4; i++) {
        const int output = output0 + i * 4 + lane / 8;
        isOutput[i] = output < a.outputs;
        weights[i] = a.weights + (size_t)(isOutput[i] ? output : 0) * a.inputs + part * 8;
    }
    UNROLL
    for (int i = 0; i < COPIES; i++) {
        const int row = i * WARPS * 4 + thread / 8;
        isRow[i] = row < a.rows;
        inputs[i] = a.input + (size_t)(isRow[i] ? row : 0) * a.inputs + part * 8;
    }
    // 4 rows on, and WARPS * 4 rows on, a piece has the same place in its 8 rows or the other half's.
    int weightsTo[2], inputsTo[2];
    UNROLL
    for (int i = 0; i < 2; i++) {
        weightsTo[i] = warp * 16 * 128 + place(i * 4 + lane / 8, part);
        inputsTo[i] = WEIGHTS + place(i * WARPS * 4 + thread / 8, part);
    }
    unsigned char *filled = memory;
    auto next = [&] { filled = filled == memory + (STAGES - 1) * STAGE ? memory : filled + STAGE; };
    auto fetchWeights = [&] {
        UNROLL
        for (int i = 0; i < 4; i++) {
            copy16(filled + weightsTo[i % 2] + i / 2 * 1024, weights[i], isOutput[i]);
            weights[i] += 64;
        }
    };
    auto fetchInputs = [&] {
        UNROLL
        for (int i = 0; i < COPIES; i++) {
            if (TILES * 64 >= WARPS * 32 || thread < TILES * 64)
                copy16(filled + inputsTo[i % 2] + i / 2 * WARPS * 1024, inputs[i], isRow[i]);
            inputs[i] += 64;
        }
    };
    // Weights of the first rounds come while the kernel before computes the inputs.
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
        if (s < rounds) fetchWeights();
        next();
    }
    wait_for_previous();
    filled = memory;
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
        if (s < rounds) fetchInputs();
        next();
        commit_copies();
    }
    Accumulator sums[1][TILES];
    UNROLL
    for (int t = 0; t < TILES; t++) sums[0][t] = Accumulator{{0, 0, 0, 0}};
    const unsigned char *stage = memory;
    for (int round = 0; round < rounds; round++) {
        wait_for_copies<STAGES - 2>();
        // This round's operands are there, and all are done with the round before, whose place is taken now.
        __syncthreads();
        OperandA left[4];
        OperandB right[4][TILES];
        UNROLL
        for (int s = 0; s < 4; s++)
            left[s] = load_matrices(stage + warp * 16 * 128 + place(lane % 16, s * 2 + lane / 16));
        UNROLL
        for (int t = 0; t < TILES; t++)
            UNROLL
            for (int h = 0; h < 2; h++) {
                const OperandA two = load_matrices(stage + WEIGHTS + place(t * 8 + lane % 8, h * 4 + lane / 8));
                right[h * 2][t] = OperandB{{two.r[0], two.r[1]}};
                right[h * 2 + 1][t] = OperandB{{two.r[2], two.r[3]}};
            }
        if (round + STAGES - 1 < rounds) {
            fetchWeights();
            fetchInputs();
            next();
        }
        commit_copies();
        UNROLL
        for (int s = 0; s < 4; s++) {
            const OperandA one[1] = {left[s]};
            multiply(sums, one, right[s]);
        }
        stage = stage == memory + (STAGES - 1) * STAGE ? memory : stage + STAGE;
    }
    UNROLL
    for (int t = 0; t < TILES; t++) store(a, output0, t * 8, sums[0][t]);
}

KERNEL(64, 1) linear_8_rows(const linear_arguments a) { few_rows<1, 2, 8>(a); }
KERNEL(64, 1) linear_16_rows(const linear_arguments a) { few_rows<2, 2, 8>(a); }
KERNEL(64, 1) linear_32_rows(const linear_arguments a) { few_rows<4, 2, 8>(a); }
KERNEL(64, 1) linear_64_rows(const linear_arguments a) { few_rows<8, 2, 8>(a); }
// Where outputs are few, so are the blocks, and each must have more under way.
KERNEL(64, 1) linear_8_rows_deep(const linear_arguments a) { few_rows<1, 2, 12>(a); }
KERNEL(64, 1) linear_16_rows_deep(const linear_arguments a) { few_rows<2, 2, 12>(a); }

/// Many rows: a block of 4 warps computes 128 outputs of 128 rows, a warp 64 of 64. Blocks (rows / 128, outputs / 128).
KERNEL(128, 1) linear_many_rows(const linear_arguments a) {
    wait_for_previous();
    constexpr int STAGES = 3, SIDE = 128 * 128, STAGE = 2 * SIDE;
    DYNAMIC_SHARED(memory);
    const int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
    const int row0 = blockIdx.x * 128, output0 = blockIdx.y * 128, rounds = a.inputs / 64;
    const int warpOutput = warp % 2 * 64, warpRow = warp / 2 * 64;
    auto fetch = [&](int round) {
        unsigned char *stage = memory + round % STAGES * STAGE;
        UNROLL
        for (int i = 0; i < 8; i++) {
            const int row = i * 16 + thread / 8, part = thread % 8;
            const bool isOutput = output0 + row < a.outputs, isRow = row0 + row < a.rows;
            copy16(stage + place(row, part),
                   a.weights + (size_t)(isOutput ? output0 + row : 0) * a.inputs + round * 64 + part * 8, isOutput);
            copy16(stage + SIDE + place(row, part),
                   a.input + (size_t)(isRow ? row0 + row : 0) * a.inputs + round * 64 + part * 8, isRow);
        }
    };
    Accumulator sums[4][4][2];  // of 16 rows, of 16 outputs, of 8 rows
    UNROLL
    for (int j = 0; j < 4; j++)
        UNROLL
        for (int i = 0; i < 4; i++) sums[j][i][0] = sums[j][i][1] = Accumulator{{0, 0, 0, 0}};
    UNROLL
    for (int s = 0; s < STAGES - 1; s++) {
        if (s < rounds) fetch(s);
        commit_copies();
    }
    for (int round = 0; round < rounds; round++) {
        wait_for_copies<STAGES - 2>();
        // This round's operands are there, and all are done with the round before, whose place is taken now.
        __syncthreads();
        if (round + STAGES - 1 < rounds) fetch(round + STAGES - 1);
        commit_copies();
        const unsigned char *stage = memory + round % STAGES * STAGE;
        _Pragma("unroll 1")
        for (int s = 0; s < 4; s++) {
            OperandA weights[4];
            UNROLL
            for (int i = 0; i < 4; i++)
                weights[i] = load_matrices(stage + place(warpOutput + i * 16 + lane % 16, s * 2 + lane / 16));
            UNROLL
            for (int j = 0; j < 4; j++) {
                const int row = warpRow + j * 16 + lane / 16 * 8 + lane % 8;
                const OperandA two = load_matrices(stage + SIDE + place(row, s * 2 + lane / 8 % 2));
                const OperandB rows[2] = {{{two.r[0], two.r[1]}}, {{two.r[2], two.r[3]}}};
                multiply(sums[j], weights, rows);
            }
        }
    }
    UNROLL
    for (int j = 0; j < 8; j++)
        UNROLL
        for (int i = 0; i < 4; i++)
            store(a, output0 + warpOutput + i * 16, row0 + warpRow + j * 8, sums[j / 2][i][j % 2]);
}

/// Float32 inputs, weights of any type: a chain of fused multiply-adds for each output, as on every device. A block of
/// 256 threads computes 64 outputs of 64 rows, a thread up to 4 of 4. Blocks (outputs / 64, rows / 64).
KERNEL(256, 1) linear_wide(const linear_wide_arguments a) {
    wait_for_previous();
    constexpr int K = 32;
    __shared__ float weights[K][65];
    __shared__ float rows[K][65];
    const int thread = threadIdx.x, row0 = blockIdx.y * 64, output0 = blockIdx.x * 64;
    const int mine = thread / 16, rowCount = a.rows - row0 < 64 ? a.rows - row0 : 64;
    float sums[4][4] = {};
    for (int k0 = 0; k0 < a.inputs; k0 += K) {
        __syncthreads();
        for (int i = thread; i < K * 64; i += 256) {
            const int k = k0 + i % K, at = i / K;
            const bool isOutput = k < a.inputs && output0 + at < a.outputs;
            weights[i % K][at] =
                isOutput ? weight_at(a.weights, a.scalar, (size_t)(output0 + at) * a.weightStride + k) : 0.0f;
            if (at < rowCount) rows[i % K][at] = k < a.inputs ? a.input[(size_t)(row0 + at) * a.inputStride + k] : 0.0f;
        }
        __syncthreads();
        const int count = a.inputs - k0 < K ? a.inputs - k0 : K;
        for (int k = 0; k < count; k++)
            UNROLL
            for (int j = 0; j < 4; j++)
                if (mine + j * 16 < rowCount)
                    UNROLL
                    for (int i = 0; i < 4; i++)
                        sums[j][i] = fmaf(rows[k][mine + j * 16], weights[k][thread % 16 + i * 16], sums[j][i]);
    }
    UNROLL
    for (int j = 0; j < 4; j++)
        UNROLL
        for (int i = 0; i < 4; i++) {
            const int row = row0 + mine + j * 16, output = output0 + thread % 16 + i * 16;
            if (row >= a.rows || output >= a.outputs) continue;
            float *to = a.output + (size_t)row * a.stride + output;
            const float y = a.accumulate ? *to + sums[j][i] : sums[j][i];
            *to = a.bias ? y + a.bias[output] : y;
        }
}
