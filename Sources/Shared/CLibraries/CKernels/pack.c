// Weights: packing into panels, and exact widening to float32.

#include "context.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

static size_t scalar_bytes(ck_scalar scalar) { return scalar == CK_FLOAT32 ? 4 : 2; }

static size_t panel_bytes(ck_scalar scalar, size_t inputs) {
    return CK_PANEL * scalar_bytes(scalar) * (scalar == CK_FLOAT32 ? inputs : round_up(inputs, 2));
}

size_t ck_packed_bytes(ck_scalar scalar, size_t outputs, size_t inputs) {
    return round_up(outputs, CK_PANEL) / CK_PANEL * panel_bytes(scalar, inputs);
}

static float widen(ck_scalar scalar, uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    if (scalar == CK_FLOAT16) {
        uint32_t magnitude = (uint32_t)(bits & 0x7fff) << 13;
        memcpy(&value, &magnitude, 4);
        value *= 0x1p112f;
        memcpy(&wide, &value, 4);
        wide |= (uint32_t)(bits & 0x8000) << 16;
    }
    memcpy(&value, &wide, 4);
    return value;
}

typedef struct pack_job {
    ck_scalar scalar;
    const char *weights;
    char *packed;
    size_t outputs, inputs;
    int64_t *not_finite;    // of each panel
} pack_job;

/// Lanes of 32 bits, an input or a pair of them, that are packed before the next rows of the panel: a cache line each.
#define PACK_LANES 16

typedef uint32_t lanes4 __attribute__((vector_size(16)));
typedef uint32_t lanes4_unaligned __attribute__((vector_size(16), aligned(1)));

/// Four lanes of four rows, `stride` bytes apart, to `to`, where a lane's rows are neighbours.
static inline void transpose_four(const char *from, size_t stride, uint32_t *to) {
    lanes4 row[4];
    for (int r = 0; r < 4; r++) row[r] = *(const lanes4_unaligned *)(from + (size_t)r * stride);
    const lanes4 low[2] = {
        __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5), __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5),
    };
    const lanes4 high[2] = {
        __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7), __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7),
    };
    *(lanes4 *)to = __builtin_shufflevector(low[0], low[1], 0, 1, 4, 5);
    *(lanes4 *)(to + CK_PANEL) = __builtin_shufflevector(low[0], low[1], 2, 3, 6, 7);
    *(lanes4 *)(to + 2 * CK_PANEL) = __builtin_shufflevector(high[0], high[1], 0, 1, 4, 5);
    *(lanes4 *)(to + 3 * CK_PANEL) = __builtin_shufflevector(high[0], high[1], 2, 3, 6, 7);
}

/// A panel's lanes, of rows of `bytes` bytes. What a row has beyond its last whole lane is an input without its pair.
static void pack_lanes(const char *weights, size_t bytes, size_t rows, uint32_t *to) {
    const size_t lanes = bytes / 4, whole_rows = rows / 4 * 4;
    for (size_t begin = 0; begin < lanes; begin += PACK_LANES) {
        const size_t count = lanes - begin < PACK_LANES ? lanes - begin : PACK_LANES, whole = count / 4 * 4;
        for (size_t row = 0; row < rows; row++) {
            const char *from = weights + row * bytes + 4 * begin;
            const bool among_four = row < whole_rows;
            if (among_four && row % 4 == 0)
                for (size_t k = 0; k < whole; k += 4)
                    transpose_four(from + 4 * k, bytes, to + (begin + k) * CK_PANEL + row);
            for (size_t k = among_four ? whole : 0; k < count; k++)
                memcpy(to + (begin + k) * CK_PANEL + row, from + 4 * k, 4);
        }
    }
    for (size_t row = 0; bytes % 4 && row < rows; row++)
        memcpy(to + lanes * CK_PANEL + row, weights + row * bytes + 4 * lanes, 2);
}

/// Whether all values are finite, without a branch among them: they all but always are.
static bool all_finite(ck_scalar scalar, const char *values, size_t count) {
    if (scalar == CK_FLOAT32) {
        uint32_t found = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, values + 4 * i, 4);
            found |= (bits & 0x7f800000u) == 0x7f800000u;
        }
        return !found;
    }
    const uint16_t exponent = scalar == CK_BFLOAT16 ? 0x7f80 : 0x7c00;
    uint16_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, values + 2 * i, 2);
        found |= (bits & exponent) == exponent;
    }
    return !found;
}

/// The first value that is not finite.
static int64_t first_not_finite(ck_scalar scalar, const char *values, size_t count) {
    const size_t size = scalar_bytes(scalar);
    for (size_t i = 0; i < count; i++)
        if (!all_finite(scalar, values + i * size, 1)) return (int64_t)i;
    return INT64_MAX;
}

static void pack_panel(void *raw, size_t panel, int thread) {
    (void)thread;
    const pack_job *job = raw;
    const size_t first = panel * CK_PANEL, bytes = job->inputs * scalar_bytes(job->scalar);
    const size_t rows = job->outputs - first < CK_PANEL ? job->outputs - first : CK_PANEL;
    const char *weights = job->weights + first * bytes;
    pack_lanes(weights, bytes, rows, (uint32_t *)(job->packed + panel * panel_bytes(job->scalar, job->inputs)));
    // Read again while the cache has them.
    job->not_finite[panel] = INT64_MAX;
    if (!all_finite(job->scalar, weights, rows * job->inputs))
        job->not_finite[panel] =
            (int64_t)(first * job->inputs) + first_not_finite(job->scalar, weights, rows * job->inputs);
}

int64_t ck_pack(
    ck_context *context, ck_scalar scalar, const void *weights, size_t outputs, size_t inputs, void *packed) {
    int64_t results[256], first = INT64_MAX;
    const size_t panels = round_up(outputs, CK_PANEL) / CK_PANEL;
    for (size_t begin = 0; begin < panels && first == INT64_MAX; begin += 256) {
        const size_t count = panels - begin < 256 ? panels - begin : 256;
        const size_t skipped = begin * CK_PANEL;
        pack_job job = {
            scalar, (const char *)weights + skipped * inputs * scalar_bytes(scalar),
            (char *)packed + begin * panel_bytes(scalar, inputs), outputs - skipped, inputs, results,
        };
        run(context, count, pack_panel, &job);
        for (size_t p = 0; p < count; p++)
            if (results[p] != INT64_MAX && results[p] + (int64_t)(skipped * inputs) < first)
                first = results[p] + (int64_t)(skipped * inputs);
    }
    return first == INT64_MAX ? -1 : first;
}

void ck_unpack_row(ck_scalar scalar, const void *packed, size_t inputs, size_t output, float *destination) {
    const char *panel = (const char *)packed + output / CK_PANEL * panel_bytes(scalar, inputs);
    const size_t lane = output % CK_PANEL;
    if (scalar == CK_FLOAT32)
        for (size_t k = 0; k < inputs; k++) destination[k] = ((const float *)panel)[k * CK_PANEL + lane];
    else
        for (size_t k = 0; k < inputs; k++)
            destination[k] = widen(scalar, ((const uint16_t *)panel)[(k / 2 * CK_PANEL + lane) * 2 + k % 2]);
}
