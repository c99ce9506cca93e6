// Operations on rows: a part of path_kernels.h, which says what the macros mean.

static void rms_norm(const norm_job *job, size_t row_begin, size_t row_end) {
    const size_t columns = job->columns, whole = columns / 16 * 16, rest = columns - whole;
    for (size_t row = row_begin; row < row_end; row++)
        for (size_t part = 0; part < job->parts; part++) {
            const float *x = job->x + row * job->ldx + part * columns;
            float *y = job->y + row * job->ldy + part * columns;
            v16 partial = splat(0);
            for (size_t i = 0; i < whole; i += 16) {
                v16 value = LOAD(x + i);
                partial = FMA(value, value, partial);
            }
            if (rest) {
                v16 value = load_part(x + whole, rest);
                partial = FMA(value, value, partial);
            }
            float scale = 1.0f / __builtin_sqrtf(sum_lanes(partial) / (float)columns + job->epsilon);
            for (size_t i = 0; i < whole; i += 16) STORE(y + i, LOAD(x + i) * splat(scale) * LOAD(job->weight + i));
            if (rest)
                store_part(
                    y + whole, load_part(x + whole, rest) * splat(scale) * load_part(job->weight + whole, rest), rest);
        }
}

INLINE v16 silu(v16 z) { return z / (splat(1.0f) + exponential(-z)); }

/// z / 2 * (1 + tanh(u)) with u = sqrt(2 / pi) * (z + 0.044715 z^3), written as z / (1 + exp(-2u)): the same, but
/// without the cancellation of 1 + tanh(u) at negative u.
INLINE v16 gelu_tanh(v16 z) {
    v16 u = splat(0.797884560802865356f) * (z + splat(0.044715f) * (z * z * z));
    return z / (splat(1.0f) + exponential(splat(-2.0f) * u));
}

INLINE void gated_rows(const int activation, const gated_job *job, size_t row_begin, size_t row_end) {
    const size_t columns = job->columns, whole = columns / 16 * 16, rest = columns - whole;
    for (size_t row = row_begin; row < row_end; row++) {
        const float *gate = job->gate + row * job->ld, *up = job->up + row * job->ld;
        float *y = job->y + row * job->ldy;
        for (size_t i = 0; i < whole; i += 16) {
            v16 z = LOAD(gate + i);
            STORE(y + i, (activation == CK_SILU ? silu(z) : gelu_tanh(z)) * LOAD(up + i));
        }
        if (rest) {
            v16 z = load_part(gate + whole, rest);
            store_part(
                y + whole, (activation == CK_SILU ? silu(z) : gelu_tanh(z)) * load_part(up + whole, rest), rest);
        }
    }
}

static void gated(const gated_job *job, size_t row_begin, size_t row_end) {
    switch (job->activation) {
    case CK_SILU: gated_rows(CK_SILU, job, row_begin, row_end); break;
    case CK_GELU_TANH: gated_rows(CK_GELU_TANH, job, row_begin, row_end); break;
    }
}

static void soft_cap(float *values, size_t count, float scale, float cap) {
    const size_t whole = count / 16 * 16, rest = count - whole;
    const v16 inner = splat(scale), outer = splat(cap);
    for (size_t i = 0; i < whole; i += 16)
        STORE(values + i, hyperbolic_tangent(LOAD(values + i) * inner / outer) * outer);
    if (rest)
        store_part(
            values + whole, hyperbolic_tangent(load_part(values + whole, rest) * inner / outer) * outer, rest);
}

INLINE float largest_value(const float *values, size_t count) {
    v16 best = splat(-__builtin_inff());
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        v16 value = LOAD(values + i);
        best = SELECT(value > best, value, best);
    }
    float lane[16], maximum = -__builtin_inff();
    STORE(lane, best);
    for (int l = 0; l < 16; l++)
        if (lane[l] > maximum) maximum = lane[l];
    for (; i < count; i++)
        if (values[i] > maximum) maximum = values[i];
    return maximum;
}

static size_t argmax(const float *values, size_t count) {
    const float maximum = largest_value(values, count);
    for (size_t i = 0; i < count; i++)
        if (values[i] == maximum) return i;
    return 0;
}

static ck_softmax_sum softmax_sum(const float *logits, size_t count) {
    const size_t whole = count / 16 * 16, rest = count - whole;
    const float largest = largest_value(logits, count);
    d16 partial = splat_wide(0);
    for (size_t i = 0; i < whole; i += 16) partial += exponential_wide(to_double(LOAD(logits + i)) - splat_wide(largest));
    if (rest)
        partial += first_lanes(exponential_wide(to_double(load_part(logits + whole, rest)) - splat_wide(largest)), rest);
    return (ck_softmax_sum){.sum = sum_wide_lanes(partial), .largest = largest};
}

INLINE d16 probabilities(v16 logits, ck_softmax_sum softmax) {
    return exponential_wide(to_double(logits) - splat_wide(softmax.largest)) / splat_wide(softmax.sum);
}

/// p ln(p/m) + q ln(q/m), m = (p + q) / 2.
INLINE d16 divergences_of(d16 p, d16 q) {
    d16 mean = (p + q) / splat_wide(2);
    return p * logarithm_wide(p / mean) + q * logarithm_wide(q / mean);
}

static double divergence(
    const float *a, ck_softmax_sum of_a, const float *b, ck_softmax_sum of_b, size_t count) {
    const size_t whole = count / 16 * 16, rest = count - whole;
    d16 partial = splat_wide(0);
    for (size_t i = 0; i < whole; i += 16)
        partial += divergences_of(probabilities(LOAD(a + i), of_a), probabilities(LOAD(b + i), of_b));
    if (rest)
        partial += first_lanes(
            divergences_of(
                probabilities(load_part(a + whole, rest), of_a), probabilities(load_part(b + whole, rest), of_b)),
            rest);
    const double half = sum_wide_lanes(partial) / 2, most = 0.69314718055994530942;
    return half < 0 ? 0 : half > most ? most : half;
}
