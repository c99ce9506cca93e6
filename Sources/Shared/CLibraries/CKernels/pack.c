// Weights: packing into panels, and exact widening to float32.

#include "context.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

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

/// What a task packs at least, where there is so much: a huge page. Two threads that meet in a fresh one clear it both.
#define PACK_BYTES ((size_t)1 << 21)

/// Matrices whose tasks are begun together.
#define PACK_MATRICES 64

typedef uint16_t halves __attribute__((vector_size(64)));
typedef uint16_t halves_unaligned __attribute__((vector_size(64), aligned(1)));
typedef uint32_t words __attribute__((vector_size(64)));

/// Whether all values are finite, without a branch among them: they all but always are.
static bool all_finite(ck_scalar scalar, const char *values, size_t count) {
    const size_t bytes = count * scalar_bytes(scalar), whole = bytes / 64 * 64;
    const uint32_t exponent = scalar == CK_FLOAT32 ? 0x7f800000 : scalar == CK_BFLOAT16 ? 0x7f80 : 0x7c00;
    halves found = {0};
    if (scalar == CK_FLOAT32) {
        const words exponents = (words){0} + exponent;
        for (size_t i = 0; i < whole; i += 64) {
            const words value = (words)*(const halves_unaligned *)(values + i);
            found |= (halves)((value & exponents) == exponents);
        }
    } else {
        const halves exponents = (halves){0} + (uint16_t)exponent;
        for (size_t i = 0; i < whole; i += 64) {
            const halves value = *(const halves_unaligned *)(values + i);
            found |= (halves)((value & exponents) == exponents);
        }
    }
    uint16_t any = 0;
    for (int i = 0; i < 32; i++) any |= found[i];
    for (size_t i = whole; i < bytes; i += scalar_bytes(scalar)) {
        uint32_t bits = 0;
        memcpy(&bits, values + i, scalar_bytes(scalar));
        any |= (bits & exponent) == exponent;
    }
    return !any;
}

/// The first value that is not finite.
static int64_t first_not_finite(ck_scalar scalar, const char *values, size_t count) {
    const size_t size = scalar_bytes(scalar);
    for (size_t i = 0; i < count; i++)
        if (!all_finite(scalar, values + i * size, 1)) return (int64_t)i;
    return INT64_MAX;
}

static size_t panel_count(const ck_stored *stored) { return round_up(stored->outputs, CK_PANEL) / CK_PANEL; }

static size_t panels_of_task(const ck_stored *stored) {
    const size_t bytes = panel_bytes(stored->scalar, stored->inputs);
    return bytes && bytes < PACK_BYTES ? PACK_BYTES / bytes : 1;
}

typedef struct pack_job {
    const path_kernels *kernels;
    const ck_stored *stored;
    size_t tasks_before[PACK_MATRICES + 1];     // of each matrix, those of the ones before it
    _Atomic int64_t not_finite[PACK_MATRICES];  // of each, INT64_MAX where all are finite
    _Atomic int error[PACK_MATRICES];           // of each, the first that was met
    /// Of each thread, for the rows of a panel that are read from a file.
    char *rows;
    size_t rows_bytes;
} pack_job;

/// Returns 0, the error's number, or CK_FILE_ENDS.
static int read_whole(int file, char *to, size_t bytes, uint64_t offset) {
    while (bytes > 0) {
        const ssize_t count = pread(file, to, bytes, (off_t)offset);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : CK_FILE_ENDS;
        to += count;
        bytes -= (size_t)count;
        offset += (uint64_t)count;
    }
    return 0;
}

/// Returns the index of the first value that is not finite, INT64_MAX where all are, or sets `error`.
static int64_t pack_panel(const pack_job *job, const ck_stored *stored, size_t panel, char *rows_read, int *error) {
    const size_t first = panel * CK_PANEL, bytes = stored->inputs * scalar_bytes(stored->scalar);
    const size_t rows = stored->outputs - first < CK_PANEL ? stored->outputs - first : CK_PANEL;
    const char *weights = (const char *)stored->weights + first * bytes;
    if (!stored->weights) {
        *error = read_whole(stored->file, rows_read, rows * bytes, stored->offset + first * bytes);
        if (*error) return INT64_MAX;
        weights = rows_read;
    }
    // Row by row, as memory is read fastest. What packs them by columns finds them in the second cache.
    const bool finite = all_finite(stored->scalar, weights, rows * stored->inputs);
    char *packed = (char *)stored->packed + panel * panel_bytes(stored->scalar, stored->inputs);
    job->kernels->pack(weights, bytes, rows, (uint32_t *)packed);
    if (finite) return INT64_MAX;
    return (int64_t)(first * stored->inputs) + first_not_finite(stored->scalar, weights, rows * stored->inputs);
}

static void pack_panels(void *raw, size_t task, int thread) {
    pack_job *job = raw;
    size_t place = 0;
    while (job->tasks_before[place + 1] <= task) place++;
    const ck_stored *stored = job->stored + place;
    const size_t panels = panel_count(stored), each = panels_of_task(stored);
    const size_t begin = (task - job->tasks_before[place]) * each, end = panels - begin < each ? panels : begin + each;
    int64_t found = INT64_MAX;
    int error = 0;
    for (size_t panel = begin; panel < end && found == INT64_MAX && !error; panel++)
        found = pack_panel(job, stored, panel, job->rows + (size_t)thread * job->rows_bytes, &error);
    int64_t first = atomic_load(&job->not_finite[place]);
    while (found < first && !atomic_compare_exchange_weak(&job->not_finite[place], &first, found)) {}
    int none = 0;
    if (error) atomic_compare_exchange_strong(&job->error[place], &none, error);
}

bool ck_pack(ck_context *context, ck_stored *stored, size_t count) {
    // Aligned, as loads of whole lines want them, which a file's tensors seldom are; and left in the second cache.
    size_t rows_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = round_up(CK_PANEL * stored[i].inputs * scalar_bytes(stored[i].scalar), 64);
        if (!stored[i].weights && bytes > rows_bytes) rows_bytes = bytes;
    }
    const size_t all_rows_bytes = rows_bytes * (size_t)ck_pool_threads(context->pool);
    char *rows = rows_bytes ? memory_allocate(all_rows_bytes) : NULL;
    if (rows_bytes && !rows) return false;
    for (size_t begin = 0; begin < count; begin += PACK_MATRICES) {
        const size_t matrices = count - begin < PACK_MATRICES ? count - begin : PACK_MATRICES;
        pack_job job = {
            .kernels = context->kernels, .stored = stored + begin, .rows = rows, .rows_bytes = rows_bytes,
        };
        for (size_t i = 0; i < matrices; i++) {
            const ck_stored *matrix = job.stored + i;
            const size_t each = panels_of_task(matrix);
            job.tasks_before[i + 1] = job.tasks_before[i] + round_up(panel_count(matrix), each) / each;
            atomic_init(&job.not_finite[i], INT64_MAX);
            atomic_init(&job.error[i], 0);
        }
        run(context, job.tasks_before[matrices], pack_panels, &job);
        for (size_t i = 0; i < matrices; i++) {
            const int64_t first = atomic_load(&job.not_finite[i]);
            stored[begin + i].not_finite = first == INT64_MAX ? -1 : first;
            stored[begin + i].error = atomic_load(&job.error[i]);
        }
    }
    memory_free(rows, all_rows_bytes);
    return true;
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
