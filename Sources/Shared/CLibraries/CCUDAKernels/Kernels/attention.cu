#include "functions.cuh"

// Causal attention in float32, as every device of this program computes it: a score is a chain over a head's
// coordinates; weights are exp(score - the largest score); each coordinate read is a chain over the positions in sight,
// times 1 / the sum of the weights, which is one of 16 partial sums.

/// The queries of a block: consecutive (row, head of the group) pairs, row by row.
struct Tile {
    int row0, rows, position0, heads0, heads;

    INLINE int count() const { return rows * heads; }
    INLINE int row(int query) const { return row0 + query / heads; }
    INLINE int head(int query) const { return heads0 + query % heads; }
    /// One behind the last position that a query sees.
    INLINE int end(int query) const { return position0 + query / heads + 1; }
};
INLINE int first_seen(int end, int window) { return window > 0 && end > window ? end - window : 0; }

/// Scores of 4 queries at one position, which a thread computes together; AHEAD quarters of its key are on their way at a
/// time. Queries are rows of `pitch` floats, of which there are always four, whether or not somebody asks for them all.
template <int AHEAD>
INLINE void score(const attention_arguments &a, const float *key, const float *queries, int pitch, float *sums) {
    const int d = a.dimension;
    UNROLL
    for (int q = 0; q < 4; q++) sums[q] = 0;
    _Pragma("unroll AHEAD")
    for (int i = 0; i < d / 4; i++) {
        const float4 k = *(const float4 *)(key + (size_t)i * PAGE_POSITIONS * 4);
        UNROLL
        for (int q = 0; q < 4; q++) {
            const float4 x = *(const float4 *)(queries + q * pitch + i * 4);
            sums[q] = fmaf(x.x, k.x, sums[q]);
            sums[q] = fmaf(x.y, k.y, sums[q]);
            sums[q] = fmaf(x.z, k.z, sums[q]);
            sums[q] = fmaf(x.w, k.w, sums[q]);
        }
    }
    for (int i = d / 4 * 4; i < d; i++) {
        const float k = key[(size_t)(i / 4) * PAGE_POSITIONS * 4 + i % 4];
        UNROLL
        for (int q = 0; q < 4; q++) sums[q] = fmaf(queries[q * pitch + i], k, sums[q]);
    }
}

/// Takes `n` positions into the sums of 4 queries at one coordinate, FOURS times four together. `first` and `last` bound what a query sees.
template <int FOURS>
INLINE void take(const float *scores, int span, const float *values, int d, int n, int position, const int *first,
                 const int *last, float *sums) {
    int p = 0;
    // Where all four see all, four positions at a time.
    const int begin = max(max(first[0], first[1]), max(first[2], first[3]));
    const int end = min(min(last[0], last[1]), min(last[2], last[3]));
    if (position >= begin && position + n <= end)
        _Pragma("unroll FOURS")
        for (; p + 4 <= n; p += 4) {
            float4 w[4];
            UNROLL
            for (int q = 0; q < 4; q++) w[q] = *(const float4 *)(scores + (size_t)q * span + p);
            UNROLL
            for (int i = 0; i < 4; i++) {
                const float v = values[(p + i) * d];
                UNROLL
                for (int q = 0; q < 4; q++) sums[q] = fmaf(i == 0 ? w[q].x : i == 1 ? w[q].y : i == 2 ? w[q].z : w[q].w, v, sums[q]);
            }
        }
    for (; p < n; p++) {
        const float v = values[p * d];
        UNROLL
        for (int q = 0; q < 4; q++)
            // What a query does not see is not multiplied by 0: it may be infinite.
            if (position + p >= first[q] && position + p < last[q]) sums[q] = fmaf(scores[(size_t)q * span + p], v, sums[q]);
    }
}

/// A query's scores become weights; what it does not see gets 0. Returns 1 / their sum. By one warp.
INLINE float weigh(const attention_arguments &a, float *scores, int from, int to, int first, int end) {
    const int lane = threadIdx.x % 32;
    float largest = float_of(0xff800000u);
    for (int p = first + lane; p < end; p += 32) {
        if (a.softCap > 0) scores[p - from] = soft_capped(scores[p - from], a.softCap, a.scale);
        largest = fmaxf(largest, scores[p - from]);
    }
    UNROLL
    for (int width = 16; width > 0; width /= 2) largest = fmaxf(largest, __shfl_xor_sync(ALL_LANES, largest, width));
    // Other lanes go on with what this one has capped.
    __syncwarp();
    const float scale = a.softCap > 0 ? 1.0f : a.scale;
    for (int p = from + lane; p < to; p += 32)
        scores[p - from] = p >= first && p < end ? exponential((scores[p - from] - largest) * scale) : 0.0f;
    __syncwarp();
    float partial = 0;
    if (lane < 16) {
        int p = first + lane;
        for (; p + 3 * 16 < end; p += 64) {
            float w[4];
            UNROLL
            for (int j = 0; j < 4; j++) w[j] = scores[p - from + j * 16];
            UNROLL
            for (int j = 0; j < 4; j++) partial += w[j];
        }
        for (; p < end; p += 16) partial += scores[p - from];
    }
    return 1.0f / sum_of_partials(partial);
}

/// Blocks (tiles, key/value heads, parts of a group) of 256 threads. SHARED: scores lie in shared memory.
template <int AHEAD, int FOURS, bool SHARED> INLINE void attend(const attention_arguments &a) {
    wait_for_previous();
    DYNAMIC_SHARED(memory);
    __shared__ float inverse[ATTENTION_QUERIES];
    const int d = a.dimension, quarters = (d + 3) / 4, thread = threadIdx.x, warp = thread / 32;
    const int tile = blockIdx.x, kvHead = blockIdx.y, group = a.heads / a.kvHeads, part = blockIdx.z * ATTENTION_QUERIES;
    const Tile t{a.tileRow[tile], a.tileRows[tile], a.tilePosition[tile], kvHead * group + part,
                 group - part < ATTENTION_QUERIES ? group - part : ATTENTION_QUERIES};
    const int count = t.count(), fours = (count + 3) / 4;
    const int end = t.end(count - 1), from = first_seen(t.end(0), a.window) / PAGE_POSITIONS * PAGE_POSITIONS;
    const unsigned long long *pages = a.pages + (size_t)a.tileSequence[tile] * a.pagesPerSequence;

    // Shared memory: queries, pieces of values, and scores where there is room.
    const int pitch = quarters * 4;
    float *queries = (float *)memory, *pieces = queries + ATTENTION_QUERIES * pitch;
    float *scores = pieces + ATTENTION_PIECES * ATTENTION_POSITIONS * d;
    if (!SHARED) {
        const size_t block = ((size_t)blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
        scores = a.scores + block * ATTENTION_QUERIES * a.span;
    }
    // A tile of one row stores what its queries are about to read.
    if (a.keyValue) {
        const int position = t.position0;
        const float *key = a.keyValue + (size_t)t.row0 * a.keyValueStride + kvHead * d;
        const size_t turn = (size_t)t.row0 * (d / 2);
        store_head((float *)pages[position / PAGE_POSITIONS] + a.offset, position % PAGE_POSITIONS, a.kvHeads, kvHead, d,
                   key, key + a.kvHeads * d, a.cosine + turn, a.sine + turn);
        __syncthreads();
    }
    // Values are on their way while scores are computed.
    const int pieceCount = (end - from + ATTENTION_POSITIONS - 1) / ATTENTION_POSITIONS;
    auto fetch = [&](int piece) {
        if (piece < pieceCount) {
            const int position = from + piece * ATTENTION_POSITIONS;
            const float *values = (const float *)pages[position / PAGE_POSITIONS] + a.offset
                + ((size_t)a.kvHeads * pitch + (size_t)kvHead * d) * PAGE_POSITIONS
                + (size_t)(position % PAGE_POSITIONS) * d;
            float *to = pieces + piece % ATTENTION_PIECES * ATTENTION_POSITIONS * d;
            const int left = end - position, floats = (left < ATTENTION_POSITIONS ? left : ATTENTION_POSITIONS) * d;
            for (int i = thread * 4; i < floats; i += 4 * 256) copy16(to + i, values + i, true);
        }
        commit_copies();
    };
    for (int piece = 0; piece < ATTENTION_PIECES - 1; piece++) fetch(piece);

    // Queries are rotated as they are read.
    const int half = d / 2;
    for (int i = thread; i < count * half; i += 256) {
        const int query = i / half, pair = i % half, row = t.row(query);
        const size_t turn = (size_t)(a.tableRow ? a.tableRow[row] : row) * half + pair;
        const float *x = a.queries + (size_t)row * a.queryStride + t.head(query) * d + pair;
        const float low = x[0], high = x[half], c = a.cosine[turn], s = a.sine[turn];
        queries[query * pitch + pair] = low * c - high * s;
        queries[query * pitch + pair + half] = high * c + low * s;
    }
    __syncthreads();

    // A group of 64 threads takes the positions of a page, for four queries.
    const int firstPage = from / PAGE_POSITIONS, pageCount = (end + PAGE_POSITIONS - 1) / PAGE_POSITIONS - firstPage;
    for (int item = thread / PAGE_POSITIONS; item < pageCount * fours; item += 256 / PAGE_POSITIONS) {
        const int page = item / fours, four = item % fours * 4, place = thread % PAGE_POSITIONS;
        if (from + page * PAGE_POSITIONS + place >= end) continue;
        const float *keys = (const float *)pages[firstPage + page] + a.offset;
        float sums[4];
        score<AHEAD>(a, keys + ((size_t)kvHead * quarters * PAGE_POSITIONS + place) * 4, queries + four * pitch, pitch, sums);
        UNROLL
        for (int q = 0; q < 4; q++)
            if (four + q < count) scores[(size_t)(four + q) * a.span + page * PAGE_POSITIONS + place] = sums[q];
    }
    __syncthreads();
    for (int query = warp; query < count; query += 8) {
        const int last = t.end(query);
        const float by = weigh(a, scores + (size_t)query * a.span, from, end, first_seen(last, a.window), last);
        if (thread % 32 == 0) inverse[query] = by;
    }
    __syncthreads();

    // A thread's item is a coordinate of four queries.
    for (int item0 = 0; item0 < fours * d; item0 += 256) {
        const int item = item0 + thread, four = item / d * 4, i = item % d;
        float sums[4] = {};
        int first[4], last[4];
        UNROLL
        for (int q = 0; q < 4; q++) {
            const int query = four + q < count ? four + q : count - 1;
            last[q] = t.end(query);
            first[q] = first_seen(last[q], a.window);
        }
        if (item0 > 0) {
            __syncthreads();
            for (int piece = 0; piece < ATTENTION_PIECES - 1; piece++) fetch(piece);
        }
        for (int piece = 0; piece < pieceCount; piece++) {
            wait_for_copies<ATTENTION_PIECES - 2>();
            // This piece is there, and all are done with the one before, whose place is taken now.
            __syncthreads();
            fetch(piece + ATTENTION_PIECES - 1);
            const int begin = piece * ATTENTION_POSITIONS, left = end - from - begin;
            if (four < count)
                take<FOURS>(scores + (size_t)four * a.span + begin, a.span, pieces + piece % ATTENTION_PIECES * ATTENTION_POSITIONS * d + i,
                     d, left < ATTENTION_POSITIONS ? left : ATTENTION_POSITIONS, from + begin, first, last, sums);
        }
        for (int q = 0; q < 4; q++) {
            const int query = four + q;
            if (query >= count) break;
            const float y = sums[q] * inverse[query];
            const size_t to = (size_t)t.row(query), column = (size_t)t.head(query) * d + i;
            if (a.wide) a.wide[to * a.wideStride + column] = y;
            if (a.narrow) a.narrow[to * a.narrowStride + column] = narrow_bfloat16(y);
        }
    }
}

KERNEL(256, 2) attention(const attention_arguments a) { attend<4, 1, true>(a); }
KERNEL(256, 2) attention_long(const attention_arguments a) { attend<4, 1, false>(a); }
// Where blocks are no more than multiprocessors, each waits for memory most of its time, and has all registers.
KERNEL(256, 1) attention_few_blocks(const attention_arguments a) { attend<16, 4, true>(a); }
