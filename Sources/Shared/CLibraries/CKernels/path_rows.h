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

static size_t argmax(const float *values, size_t count) {
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
    for (i = 0; i < count; i++)
        if (values[i] == maximum) return i;
    return 0;
}
