// Kernels of the projection W [outputs, inputs], float32, row-major.
//
// Every number they give is defined to the bit: an output is one chain of fused multiply-adds in a stated order,
// and vector lanes are different outputs. So no result depends on the instruction set, on how a range of outputs
// is cut between threads, or on the tile sizes below.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The instruction sets that a kernel is compiled for. All give the same bits.
typedef enum {
    projection_portable = 0,
    projection_avx2 = 1,
    projection_avx512 = 2,
} projection_isa;

/// Whether this processor has the instruction set.
bool projection_isa_supported(projection_isa isa);

/// Rows are handled in groups of so many lanes; `projection_pack_rows` pads the last group with zeros.
enum { projection_row_lanes = 8 };

/// Floats that `projection_pack_rows` writes for `rows` rows of `inputs` values.
size_t projection_packed_count(size_t rows, size_t inputs);

/// Transposes x [rows, inputs] into groups of rows: [groups, inputs, projection_row_lanes].
void projection_pack_rows(const float *x, size_t rows, size_t inputs, float *packed);

/// out[r, o] = fma chain over i = 0 ..< inputs of w[o, i] * x[r, i], from 0, less y[r, o] where `y` is not NULL,
/// for o in first ..< last. `out` and `y` are [rows, outputs].
void projection_predict(projection_isa isa, const float *w, size_t outputs, size_t inputs, size_t first, size_t last,
                        const float *packed, size_t rows, const float *y, float *out);

/// Sum of e[i]^2 in double, in the order of i.
double projection_squared_sum(const float *e, size_t count);

/// Whether all values are finite.
bool projection_all_finite(const float *values, size_t count);

/// A checksum of the bits of the values, at the speed of memory: eight chains of multiplications, then one.
uint64_t projection_checksum(const float *values, size_t count);

/// One shard's gradient: either `dense` [outputs, inputs], or (where that is NULL) the factors whose product it is,
/// `errors` [rows, outputs] and `x` [rows, inputs].
typedef struct {
    const float *dense;
    const float *errors;
    const float *x;
    size_t rows;
} projection_shard;

/// g[o, i] = fma chain over the rows of errors[r, o] * x[r, i], from 0, for o in first ..< last.
void projection_gradient(projection_isa isa, const projection_shard *shard, size_t outputs, size_t inputs,
                         size_t first, size_t last, float *g);

/// The constants of one step of Adam; those that need powers are computed once, in double, and rounded.
typedef struct {
    /// Applied to the summed gradient.
    float gradient_scale;
    /// 1 - beta1
    float first_weight;
    float beta2;
    /// 1 - beta2
    float second_weight;
    /// sqrt(1 - beta2^step)
    float second_correction;
    float epsilon;
    /// learning rate / (1 - beta1^step)
    float step_size;
} projection_adam;

/// Sums the shards' gradients in their order, scales the sum and applies one step of Adam to the outputs
/// first ..< last of w, with the moments m and v, all [outputs, inputs]. Gradients given as factors are computed
/// on the way, tile by tile, so that w, m and v are read and written once.
void projection_step(projection_isa isa, float *w, float *m, float *v, size_t outputs, size_t inputs, size_t first,
                     size_t last, const projection_shard *shards, size_t shard_count, const projection_adam *adam);

/// Columns are handled in panels of so many lanes; `projection_pack_columns` pads the last panel with zeros.
enum { projection_column_lanes = 8 };

/// Cuts x [rows, columns] into panels of columns: [panels, rows, projection_column_lanes].
void projection_pack_columns(const float *x, size_t rows, size_t columns, float *packed);

/// sums[o] = sum over i of (sum over r of y[r, o] * x[r, i])^2 in double, for the outputs of the panels
/// first ..< last: fma chains over r, then a chain over i. `sums` has room for all lanes of all panels of y.
void projection_cross_squares(projection_isa isa, const float *x_panels, const float *y_panels, size_t rows,
                              size_t inputs, size_t first, size_t last, double *sums);

#ifdef __cplusplus
}
#endif
