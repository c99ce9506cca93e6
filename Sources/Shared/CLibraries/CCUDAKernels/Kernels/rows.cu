#include "functions.cuh"

// What is not a product of matrices. A block for each row, unless said otherwise.

KERNEL(256, 1) embed(const embed_arguments a) {
    wait_for_previous();
    const size_t from = (size_t)a.tokens[blockIdx.x] * a.stride;
    float *to = a.residual + (size_t)blockIdx.x * a.columns;
    for (int i = threadIdx.x; i < a.columns; i += blockDim.x) to[i] = weight_at(a.embedding, a.scalar, from + i) * a.scale;
}

KERNEL(256, 1) rotary_table(const rotary_arguments a) {
    wait_for_previous();
    const float position = (float)a.position[blockIdx.x];
    for (int i = threadIdx.x; i < a.half; i += blockDim.x) {
        const Turn turn = cosine_sine(position * a.frequencies[i]);
        const size_t to = (size_t)blockIdx.x * a.half + i;
        a.cosine[to] = turn.cosine * a.scale;
        a.sine[to] = turn.sine * a.scale;
    }
}

/// A lane's partial sum of squares of every 16th element: many are on their way at a time.
INLINE float squares_of_lane(const float *row, int count, int lane, float partial) {
    int i = lane;
    for (; i + 15 * 16 < count; i += 256) {
        float x[16];
        UNROLL
        for (int j = 0; j < 16; j++) x[j] = row[i + j * 16];
        UNROLL
        for (int j = 0; j < 16; j++) partial = fmaf(x[j], x[j], partial);
    }
    for (; i < count; i += 16) partial = fmaf(row[i], row[i], partial);
    return partial;
}

/// Blocks (rows, pieces) of up to 1024 threads. The row passes through shared memory, from where 16 lanes take their
/// partial sums.
KERNEL(1024, 1) rms_norm(const norm_arguments a) {
    constexpr int CHUNK = 4096;
    __shared__ float chunk[CHUNK];
    __shared__ float scale;
    const int piece = blockIdx.y * a.columns, thread = threadIdx.x, threads = blockDim.x;
    const float *x = a.input + (size_t)blockIdx.x * a.inputStride + piece;
    float weights[4];
    UNROLL
    for (int j = 0; j < 4; j++)
        weights[j] = thread + j * threads < a.columns ? read_early(a.weight + thread + j * threads) : 0.0f;
    wait_for_previous();
    float partial = 0;
    for (int begin = 0; begin < a.columns; begin += CHUNK) {
        const int count = a.columns - begin < CHUNK ? a.columns - begin : CHUNK;
        __syncthreads();
        _Pragma("unroll 4")
        for (int i = thread; i < count; i += threads) chunk[i] = x[begin + i];
        __syncthreads();
        if (thread < 16) partial = squares_of_lane(chunk, count, thread, partial);
    }
    if (thread < 32) {
        const float squares = sum_of_partials(partial);
        if (thread == 0) scale = 1.0f / sqrtf(squares / (float)a.columns + a.epsilon);
    }
    __syncthreads();
    const float by = scale;
    auto put = [&](int i, float value, float weight) {
        const float y = value * by * weight;
        if (a.wide) a.wide[(size_t)blockIdx.x * a.wideStride + piece + i] = y;
        if (a.narrow) a.narrow[(size_t)blockIdx.x * a.narrowStride + piece + i] = narrow_bfloat16(y);
        if (a.added) a.added[(size_t)blockIdx.x * a.addedStride + piece + i] += y;
    };
    UNROLL
    for (int j = 0; j < 4; j++) {
        const int i = thread + j * threads;
        if (i < a.columns) put(i, a.columns <= CHUNK ? chunk[i] : x[i], weights[j]);
    }
    for (int i = thread + 4 * threads; i < a.columns; i += threads) put(i, x[i], a.weight[i]);
}

/// Blocks (rows, key/value heads).
KERNEL(256, 1) store(const store_arguments a) {
    wait_for_previous();
    const int row = blockIdx.x, head = blockIdx.y, d = a.dimension, position = a.position[row];
    float *page =
        (float *)a.pages[(size_t)a.sequence[row] * a.pagesPerSequence + position / PAGE_POSITIONS] + a.offset;
    const float *key = a.keyValue + (size_t)row * a.stride + head * d;
    const size_t turn = (size_t)row * (d / 2);
    store_head(page, position % PAGE_POSITIONS, a.kvHeads, head, d, key, key + a.kvHeads * d, a.cosine + turn, a.sine + turn);
}

/// Blocks (rows, parts of the columns).
KERNEL(256, 1) gate(const gate_arguments a) {
    wait_for_previous();
    const float *gates = a.gateUp + (size_t)blockIdx.x * 2 * a.columns, *ups = gates + a.columns;
    for (int i = blockIdx.y * blockDim.x + threadIdx.x; i < a.columns; i += gridDim.y * blockDim.x) {
        const float z = gates[i], y = (a.activation == ACTIVATION_SILU ? silu(z) : gelu_tanh(z)) * ups[i];
        if (a.wide) a.wide[(size_t)blockIdx.x * a.columns + i] = y;
        if (a.narrow) a.narrow[(size_t)blockIdx.x * a.narrowStride + i] = narrow_bfloat16(y);
    }
}

KERNEL(256, 1) copy_rows(const copy_rows_arguments a) {
    wait_for_previous();
    const float *from = a.from + (size_t)a.row[blockIdx.x] * a.columns;
    float *to = a.to + (size_t)blockIdx.x * a.columns;
    for (int i = threadIdx.x; i < a.columns; i += blockDim.x) to[i] = from[i];
}

KERNEL(256, 1) inject(const inject_arguments a) {
    wait_for_previous();
    const int count = a.count[blockIdx.x], operation = a.operation[blockIdx.x];
    const float *vector = a.vectors + (size_t)blockIdx.x * a.columns;
    float *stream = a.residual + (size_t)a.row[blockIdx.x] * a.columns + a.columns - count;
    for (int i = threadIdx.x; i < count; i += blockDim.x) {
        const float b = stream[i], v = vector[i];
        stream[i] = operation == INJECT_REPLACE ? v : operation == INJECT_SUM ? b + v : (b + v) / 2.0f;
    }
}

/// Blocks (rows, parts of the columns).
KERNEL(256, 1) soft_cap(const soft_cap_arguments a) {
    wait_for_previous();
    float *row = a.values + (size_t)blockIdx.x * a.columns;
    for (int i = blockIdx.y * blockDim.x + threadIdx.x; i < a.columns; i += gridDim.y * blockDim.x)
        row[i] = soft_capped(row[i], a.cap, 1.0f);
}

/// A value's place among all, larger for larger, and of equals larger for a smaller index; 0 where it is not a number.
INLINE unsigned long long place_of(float x, int index) {
    if (x != x) return 0;
    const unsigned u = bits_of(x + 0.0f);  // -0 is as large as 0
    return (unsigned long long)(u & 0x80000000u ? ~u : u | 0x80000000u) << 32 | (0xffffffffu - (unsigned)index);
}
INLINE unsigned long long larger(unsigned long long a, unsigned long long b) { return a > b ? a : b; }

/// The largest of a block's values, in its first thread.
INLINE unsigned long long largest_of_block(unsigned long long best) {
    __shared__ unsigned long long best_of_warp[8];
    for (int width = 16; width > 0; width /= 2) best = larger(best, __shfl_xor_sync(ALL_LANES, best, width));
    if (threadIdx.x % 32 == 0) best_of_warp[threadIdx.x / 32] = best;
    __syncthreads();
    for (int warp = 1; threadIdx.x == 0 && warp < (int)blockDim.x / 32; warp++) best = larger(best, best_of_warp[warp]);
    return best;
}

/// Blocks (rows, parts of the columns): the best of each part.
KERNEL(256, 1) argmax_parts(const argmax_arguments a) {
    wait_for_previous();
    const float *row = a.logits + (size_t)blockIdx.x * a.columns;
    unsigned long long best = 0;
    for (int i = blockIdx.y * blockDim.x + threadIdx.x; i < a.columns; i += gridDim.y * blockDim.x)
        best = larger(best, place_of(row[i], i));
    best = largest_of_block(best);
    if (threadIdx.x == 0) a.parts[(size_t)blockIdx.x * ARGMAX_PARTS + blockIdx.y] = best;
}

/// The best of the parts. A block of one warp for each row.
KERNEL(32, 1) argmax(const argmax_arguments a) {
    wait_for_previous();
    unsigned long long best = 0;
    for (int i = threadIdx.x; i < ARGMAX_PARTS; i += 32) best = larger(best, a.parts[(size_t)blockIdx.x * ARGMAX_PARTS + i]);
    best = largest_of_block(best);
    if (threadIdx.x == 0) a.tokens[blockIdx.x] = best ? (int)(0xffffffffu - (unsigned)(best & 0xffffffffu)) : 0;
}

/// The row passes twice: for its largest value, and for the sum, whose exponentials all threads compute and 16 lanes add up.
KERNEL(256, 1) softmax_sums(const softmax_arguments a) {
    wait_for_previous();
    constexpr int CHUNK = 2048;
    __shared__ double exponentials[CHUNK];
    __shared__ float largest_of_warp[8];
    const float *row = a.logits + (size_t)blockIdx.x * a.columns;
    const int thread = threadIdx.x;
    float largest = float_of(0xff800000u);
    for (int i = thread; i < a.columns; i += 256) largest = row[i] > largest ? row[i] : largest;
    UNROLL
    for (int width = 16; width > 0; width /= 2) largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, width));
    if (thread % 32 == 0) largest_of_warp[thread / 32] = largest;
    __syncthreads();
    for (int warp = 0; warp < 8; warp++) largest = fmaxf(largest, largest_of_warp[warp]);
    double partial = 0;
    for (int begin = 0; begin < a.columns; begin += CHUNK) {
        const int count = a.columns - begin < CHUNK ? a.columns - begin : CHUNK;
        for (int i = thread; i < count; i += 256) exponentials[i] = exponential_wide((double)row[begin + i] - (double)largest);
        __syncthreads();
        if (thread < 16)
            for (int i = thread; i < count; i += 16) partial += exponentials[i];
        __syncthreads();
    }
    if (thread < 32) {
        const double sum = sum_of_partials(partial);
        if (thread == 0) a.sums[blockIdx.x] = softmax_sum{sum, largest, 0};
    }
}

KERNEL(256, 1) pick(const pick_arguments a) {
    wait_for_previous();
    const int i = blockIdx.x * 256 + threadIdx.x;
    if (i < a.count) a.values[i] = a.logits[(size_t)a.row[i] * a.columns + a.column[i]];
}

/// Blocks as many as you like. The smallest index does not depend on who comes first.
KERNEL(256, 1) find_not_finite(const find_not_finite_arguments a) {
    wait_for_previous();
    const unsigned long long step = (unsigned long long)gridDim.x * blockDim.x;
    for (unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x; i < a.count; i += step) {
        const float x = weight_at(a.values, a.scalar, i / a.columns * a.stride + i % a.columns);
        if ((bits_of(x) & 0x7f800000u) == 0x7f800000u) atomicMin(a.first, i);
    }
}
