// Rotary positions (Su et al., arXiv:2104.09864) in the layout of Hugging Face's Llama: coordinate i of a head is
// paired with i + dimension / 2.

#include "context.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

/// sin and cos of an angle below 2^22 or so: reduction by pi/2 in three parts, then the Taylor polynomials in
/// float64 on |r| <= pi / 4 (remainders below 1e-13). Plain operations, so that all machines agree.
static void sine_cosine(float angle, float *sine, float *cosine) {
    const double x = angle, magic = 6755399441055744.0; // 1.5 * 2^52: adding it rounds to an integer
    const double shifted = x * 0.63661977236758134308 + magic;
    const double n = shifted - magic;
    double r = x - n * 1.57079632673412561417;
    r = r - n * 6.07710050630396597660e-11;
    r = r - n * 2.02226624879595063154e-21;
    const double z = r * r;
    double s = -1.0 / 1307674368000;
    s = s * z + 1.0 / 6227020800;
    s = s * z - 1.0 / 39916800;
    s = s * z + 1.0 / 362880;
    s = s * z - 1.0 / 5040;
    s = s * z + 1.0 / 120;
    s = s * z - 1.0 / 6;
    s = s * z * r + r;
    double c = 1.0 / 20922789888000;
    c = c * z - 1.0 / 87178291200;
    c = c * z + 1.0 / 479001600;
    c = c * z - 1.0 / 3628800;
    c = c * z + 1.0 / 40320;
    c = c * z - 1.0 / 720;
    c = c * z + 1.0 / 24;
    c = c * z - 0.5;
    c = c * z + 1.0;
    switch ((int64_t)n & 3) {
    case 0: *sine = (float)s, *cosine = (float)c; break;
    case 1: *sine = (float)c, *cosine = (float)-s; break;
    case 2: *sine = (float)-s, *cosine = (float)-c; break;
    default: *sine = (float)-c, *cosine = (float)s; break;
    }
}

typedef struct table_job {
    const int32_t *positions;
    const float *frequencies;
    size_t rows, half, tasks;
    float scale, *cosine, *sine;
} table_job;

static void fill_table(void *raw, size_t task, int thread) {
    (void)thread;
    const table_job *job = raw;
    for (size_t r = job->rows * task / job->tasks; r < job->rows * (task + 1) / job->tasks; r++)
        for (size_t i = 0; i < job->half; i++) {
            float *sine = job->sine + r * job->half + i, *cosine = job->cosine + r * job->half + i;
            sine_cosine((float)job->positions[r] * job->frequencies[i], sine, cosine);
            *sine *= job->scale;
            *cosine *= job->scale;
        }
}

void ck_rotary_table(
    ck_context *context, const int32_t *positions, size_t rows, const float *frequencies, size_t half, float scale,
    float *cosine, float *sine) {
    table_job job = {positions, frequencies, rows, half, row_tasks(context, rows), scale, cosine, sine};
    run(context, job.tasks, fill_table, &job);
}

static void rotate(float *restrict head, size_t half, const float *restrict cosine, const float *restrict sine) {
    for (size_t i = 0; i < half; i++) {
        const float low = head[i], high = head[i + half];
        head[i] = low * cosine[i] - high * sine[i];
        head[i + half] = high * cosine[i] + low * sine[i];
    }
}

typedef struct rotate_job {
    ck_heads heads;
    float *rows;
    const float *values;
    size_t ld, row_count, tasks;
    const float *cosine, *sine;
    const ck_sequence *sequences;
    size_t sequence_count;
} rotate_job;

static void rotate_queries(void *raw, size_t task, int thread) {
    (void)thread;
    const rotate_job *job = raw;
    const size_t dimension = job->heads.dimension, half = dimension / 2;
    for (size_t r = job->row_count * task / job->tasks; r < job->row_count * (task + 1) / job->tasks; r++)
        for (size_t h = 0; h < job->heads.heads; h++)
            rotate(job->rows + r * job->ld + h * dimension, half, job->cosine + r * half, job->sine + r * half);
}

void ck_rotate_queries(
    ck_context *context, ck_heads heads, float *queries, size_t ld, size_t rows, const float *cosine,
    const float *sine) {
    rotate_job job = {
        .heads = heads, .rows = queries, .ld = ld, .row_count = rows, .tasks = row_tasks(context, rows),
        .cosine = cosine, .sine = sine,
    };
    run(context, job.tasks, rotate_queries, &job);
}

/// One key/value head of one sequence.
static void store_head(void *raw, size_t task, int thread) {
    (void)thread;
    const rotate_job *job = raw;
    const ck_sequence *sequence = &job->sequences[task / job->heads.kv_heads];
    const size_t head = task % job->heads.kv_heads, dimension = job->heads.dimension, half = dimension / 2;
    const size_t width = value_width(dimension);
    float *keys = sequence->keys + head * sequence->capacity * dimension;
    float *values = sequence->values + head * sequence->capacity * width;
    for (size_t i = 0; i < sequence->row_count; i++) {
        const size_t row = sequence->first_row + i, position = sequence->start + i;
        float *key = job->rows + row * job->ld + head * dimension;
        rotate(key, half, job->cosine + row * half, job->sine + row * half);
        float *block = keys + position / CK_PANEL * CK_PANEL * dimension + position % CK_PANEL;
        for (size_t d = 0; d < dimension; d++) block[d * CK_PANEL] = key[d];
        memcpy(values + position * width, job->values + row * job->ld + head * dimension, dimension * sizeof(float));
    }
}

void ck_store_keys_values(
    ck_context *context, ck_heads heads, const ck_sequence *sequences, size_t sequence_count, float *keys,
    const float *values, size_t ld, const float *cosine, const float *sine) {
    rotate_job job = {
        .heads = heads, .rows = keys, .values = values, .ld = ld, .cosine = cosine, .sine = sine,
        .sequences = sequences, .sequence_count = sequence_count,
    };
    const size_t tasks = sequence_count * heads.kv_heads;
    size_t rows = 0;
    for (size_t s = 0; s < sequence_count; s++) rows += sequences[s].row_count;
    if (rows < 8) for (size_t task = 0; task < tasks; task++) store_head(&job, task, 0);
    else run(context, tasks, store_head, &job);
}
