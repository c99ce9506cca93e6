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

static bool is_finite32(uint32_t bits) { return (bits & 0x7f800000u) != 0x7f800000u; }

static bool is_finite16(ck_scalar scalar, uint16_t bits) {
    uint16_t exponent = scalar == CK_BFLOAT16 ? 0x7f80 : 0x7c00;
    return (bits & exponent) != exponent;
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

/// Inputs that are packed before the next row of the panel: 32 rows of a cache line each.
#define PACK_INPUTS 64

static void pack_panel(void *raw, size_t panel, int thread) {
    (void)thread;
    const pack_job *job = raw;
    const size_t inputs = job->inputs, first = panel * CK_PANEL, size = scalar_bytes(job->scalar);
    const size_t rows = job->outputs - first < CK_PANEL ? job->outputs - first : CK_PANEL;
    char *to = job->packed + panel * panel_bytes(job->scalar, inputs);
    int64_t bad = INT64_MAX;
    for (size_t begin = 0; begin < inputs; begin += PACK_INPUTS) {
        const size_t count = inputs - begin < PACK_INPUTS ? inputs - begin : PACK_INPUTS;
        for (size_t row = 0; row < rows; row++) {
            const size_t index = (first + row) * inputs + begin;
            if (job->scalar == CK_FLOAT32) {
                uint32_t line[PACK_INPUTS], *panel32 = (uint32_t *)to;
                memcpy(line, job->weights + index * size, count * size);
                bool finite = true;
                for (size_t k = 0; k < count; k++) {
                    finite &= is_finite32(line[k]);
                    panel32[(begin + k) * CK_PANEL + row] = line[k];
                }
                for (size_t k = 0; !finite && k < count; k++)
                    if (!is_finite32(line[k]) && (int64_t)(index + k) < bad) bad = (int64_t)(index + k);
            } else {
                uint16_t line[PACK_INPUTS], *panel16 = (uint16_t *)to;
                memcpy(line, job->weights + index * size, count * size);
                bool finite = true;
                for (size_t k = 0; k < count; k++) {
                    finite &= is_finite16(job->scalar, line[k]);
                    panel16[((begin + k) / 2 * CK_PANEL + row) * 2 + (begin + k) % 2] = line[k];
                }
                for (size_t k = 0; !finite && k < count; k++)
                    if (!is_finite16(job->scalar, line[k]) && (int64_t)(index + k) < bad) bad = (int64_t)(index + k);
            }
        }
    }
    job->not_finite[panel] = bad;
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
