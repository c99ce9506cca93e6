// Attention: a part of path_kernels.h, which says what the macros mean.

/// accumulators[rows][16 * vectors] += x[rows, count] times w[count, 16 * vectors], input by input; `step` is the
/// values of w between inputs.
INLINE void strided_tile(
    const int rows, const int vectors, const float *x, size_t ldx, const float *w, size_t step, size_t count,
    float *accumulators, size_t lda, bool first) {
    v16 acc[TILE_ROWS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            acc[r][v] = first ? splat(0) : LOAD(accumulators + r * lda + 16 * v);

    // One pointer for three rows: twelve would not fit the registers. The empty statement at the loop's end keeps
    // the compiler from making twelve of them again.
    const float *base[(TILE_ROWS + 2) / 3];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r += 3) base[r / 3] = x + r * ldx;

#pragma clang loop unroll(disable)
    for (size_t k = 0; k < count; k++) {
        v16 weight[2];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) weight[v] = LOAD(w + 16 * v);
        w += step;
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const v16 value = splat(base[r / 3][r % 3 * ldx]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) acc[r][v] = FMA(value, weight[v], acc[r][v]);
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r += 3) {
            base[r / 3]++;
            __asm__("" : "+r"(base[r / 3]));
        }
    }

#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) STORE(accumulators + r * lda + 16 * v, acc[r][v]);
}

/// A tile of a number of rows known at run time, each number compiled with its accumulators in registers.
INLINE void tile_of_rows(
    size_t rows, const int vectors, const float *x, size_t ldx, const float *w, size_t step, size_t count,
    float *accumulators, size_t lda, bool first) {
#define ROWS(n) \
    case n: \
        if (n <= TILE_ROWS) \
            strided_tile(n <= TILE_ROWS ? n : 1, vectors, x, ldx, w, step, count, accumulators, lda, first); \
        break;
    switch (rows) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
    }
#undef ROWS
}

/// scores[0 ..< count] become exp((score - maximum) * scale); returns their sum.
INLINE float softmax_numerators(float *scores, size_t count, float scale) {
    const size_t whole = count / 16 * 16, rest = count - whole;
    v16 best = splat(-__builtin_inff());
    for (size_t i = 0; i < whole; i += 16) {
        v16 score = LOAD(scores + i);
        best = SELECT(score > best, score, best);
    }
    float lane[16], maximum = -__builtin_inff();
    STORE(lane, best);
    for (int l = 0; l < 16; l++)
        if (lane[l] > maximum) maximum = lane[l];
    for (size_t i = whole; i < count; i++)
        if (scores[i] > maximum) maximum = scores[i];

    v16 partial = splat(0);
    for (size_t i = 0; i < whole; i += 16) {
        v16 numerator = exponential((LOAD(scores + i) - splat(maximum)) * splat(scale));
        STORE(scores + i, numerator);
        partial = partial + numerator;
    }
    if (rest) {
        v16 numerator = exponential((load_part(scores + whole, rest) - splat(maximum)) * splat(scale));
        store_part(scores + whole, numerator, rest);
        partial = partial + load_part(scores + whole, rest);
    }
    return sum_lanes(partial);
}

/// output[rows, dimension] += weights[rows, count] times values[count, width]
INLINE void weigh_values(
    size_t rows, const float *weights, size_t ldw, const float *values, size_t width, size_t count, float *output,
    size_t ldo, bool first) {
    size_t column = 0;
    for (; column + 16 * TILE_VECTORS <= width; column += 16 * TILE_VECTORS)
        tile_of_rows(
            rows, TILE_VECTORS, weights, ldw, values + column, width, count, output + column, ldo, first);
    if (column < width)
        tile_of_rows(rows, 1, weights, ldw, values + column, width, count, output + column, ldo, first);
}

/// The positions that a query sees: `first` ..< `end`.
typedef struct seen {
    size_t first, end;
} seen;

INLINE seen seen_by(const attention_job *job, const ck_sequence *sequence, size_t query) {
    const size_t end = sequence->start + query / (job->heads.heads / job->heads.kv_heads) + 1;
    return (seen){job->window && end > job->window ? end - job->window : 0, end};
}

static void attention(
    const attention_job *job, const ck_sequence *sequence, size_t kv_head, size_t query_begin, size_t query_end,
    float *scratch) {
    const size_t dimension = job->heads.dimension, width = value_width(dimension);
    const size_t group = job->heads.heads / job->heads.kv_heads;
    const size_t rows = query_end - query_begin;
    const float *keys = sequence->keys + kv_head * sequence->capacity * dimension;
    const float *values = sequence->values + kv_head * sequence->capacity * width;
    const seen earliest = seen_by(job, sequence, query_begin), latest = seen_by(job, sequence, query_end - 1);
    // What the tile's queries all see: empty where a window is shorter than the tile.
    const seen shared = {latest.first, earliest.end};
    // Scores are kept from this position on.
    const size_t origin = earliest.first / CK_PANEL * CK_PANEL;

    const size_t ldq = width + 16, lds = score_stride(latest.end - origin);
    float *queries = scratch, *output = queries + MAX_TILE_ROWS * ldq, *scores = output + MAX_TILE_ROWS * ldq;
    for (size_t r = 0; r < rows; r++) {
        size_t query = query_begin + r;
        size_t row = sequence->first_row + query / group, head = kv_head * group + query % group;
        memcpy(queries + r * ldq, job->queries + row * job->ldq + head * dimension, dimension * sizeof(float));
    }

    // A block's positions that a query does not see are computed and not used: lanes are apart.
    for (size_t position = origin; position < latest.end; position += CK_PANEL) {
        for (int v = 0; v < 2; v += TILE_VECTORS)
            tile_of_rows(
                rows, TILE_VECTORS, queries, ldq, keys + position * dimension + 16 * v, CK_PANEL, dimension,
                scores + position - origin + 16 * v, lds, true);
    }

    float sums[MAX_TILE_ROWS];
    for (size_t r = 0; r < rows; r++) {
        const seen own = seen_by(job, sequence, query_begin + r);
        float *from = scores + r * lds + own.first - origin;
        if (job->soft_cap > 0) soft_cap(from, own.end - own.first, job->scale, job->soft_cap);
        sums[r] = softmax_numerators(from, own.end - own.first, job->soft_cap > 0 ? 1.0f : job->scale);
    }

    // Each query adds up the values that it sees in the order of their positions: what it alone sees before those
    // that all see, these in one go for all, and what it alone sees after them.
    const bool shares = shared.first < shared.end;
    for (size_t r = 0; r < rows; r++) {
        const seen own = seen_by(job, sequence, query_begin + r);
        const size_t end = shares ? shared.first : own.end;
        weigh_values(
            1, scores + r * lds + own.first - origin, lds, values + own.first * width, width, end - own.first,
            output + r * ldq, ldq, true);
    }
    if (shares) {
        weigh_values(
            rows, scores + shared.first - origin, lds, values + shared.first * width, width,
            shared.end - shared.first, output, ldq, false);
        for (size_t r = 0; r < rows; r++) {
            const seen own = seen_by(job, sequence, query_begin + r);
            if (own.end > shared.end)
                weigh_values(
                    1, scores + r * lds + shared.end - origin, lds, values + shared.end * width, width,
                    own.end - shared.end, output + r * ldq, ldq, false);
        }
    }

    for (size_t r = 0; r < rows; r++) {
        size_t query = query_begin + r;
        size_t row = sequence->first_row + query / group, head = kv_head * group + query % group;
        float *to = job->output + row * job->ldo + head * dimension;
        float scale = 1.0f / sums[r];
        for (size_t d = 0; d < dimension; d++) to[d] = output[r * ldq + d] * scale;
    }
}
