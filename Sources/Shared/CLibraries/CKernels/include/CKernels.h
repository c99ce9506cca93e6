#pragma once

/// The arithmetic of a transformer on the CPU: threads, packed linear layers, normalisation, rotary positions,
/// attention over a key/value cache.
///
/// Every result is a function of the row's own inputs, bit for bit: it depends neither on how many rows a call
/// holds, nor on threads, nor on the instruction set. Where several values are summed the order is fixed by
/// their count alone:
///  - a linear layer's output, an attention score and an attention output are ONE accumulator each, starting at
///    0 and taking acc = fma(x[k], w[k], acc) for k = 0, 1, ... in order; SIMD lanes are different outputs (where
///    both operands are bfloat16, the order is k = 1, 0, 3, 2, ..., and subnormals are taken as zero: what the
///    CPU's instruction for it does);
///  - a reduction over a row (mean square, sum of a softmax, in float32 or in double) keeps 16 partial sums, element i in
///    partial i % 16, which a fixed tree adds up.
/// exp, sin and cos are polynomials of our own, since a library's differ between machines.
///
/// Matrices are row-major float32; `ld...` is the distance between rows in elements. Rows are written in whole
/// panels of 32 columns, so a row must have room for its width rounded up to 32 (`ck_row_stride` says more).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Outputs side by side in a packed panel, and positions side by side in a block of the key cache.
#define CK_PANEL 32

/// The instruction set that the kernels are compiled for. All give the same bits.
typedef enum ck_path {
    CK_PATH_PORTABLE = 0,
    CK_PATH_AVX2 = 1,
    CK_PATH_AVX512 = 2,
    CK_PATH_AVX512BF16 = 3
} ck_path;

/// How a weight is stored; it is widened to float32 exactly before use.
typedef enum ck_scalar { CK_FLOAT32 = 0, CK_BFLOAT16 = 1, CK_FLOAT16 = 2 } ck_scalar;

/// What the activations are rounded to before a product with bfloat16 weights. Products are summed in float32
/// either way, and weights of other types always meet float32.
typedef enum ck_compute { CK_COMPUTE_FLOAT32 = 0, CK_COMPUTE_BFLOAT16 = 1 } ck_compute;

/// What a linear layer multiplies: its stored weights, and activations as float32; of bfloat16 weights also activations
/// that are rounded to bfloat16.
typedef enum ck_product {
    CK_PRODUCT_FLOAT32 = 0,
    CK_PRODUCT_FLOAT16 = 1,
    CK_PRODUCT_BFLOAT16 = 2,
    CK_PRODUCT_ROUNDED = 3
} ck_product;
#define CK_PRODUCTS 4

/// Numbers of rows for which kernels of linear layers are chosen: up to 1, 2, 4, 8, 12, 24, 64, and more.
#define CK_ROW_CLASSES 8
size_t ck_row_class(size_t rows);
/// The most rows of a class; of the last one rows that stand for it.
size_t ck_rows_of_class(size_t row_class);

/// Threads and their scratch memory, and the kernel path. One call at a time may use a context.
typedef struct ck_context ck_context;

/// Whether this CPU (and this build) can run a path. The portable path always can.
bool ck_path_is_supported(ck_path path);

/// A context that computes on `threads` threads, the caller's among them; 1 starts none. NULL when memory or
/// threads are refused by the system.
ck_context *ck_context_create(ck_path path, int threads);
void ck_context_destroy(ck_context *context);

/// Has linear layers of a kind, on rows of a class, computed by a supported path in the place of the context's own.
void ck_choose_linear(ck_context *context, ck_product product, size_t row_class, ck_path path);

/// The distance between rows of a matrix with `columns` columns: a multiple of 16 elements with room for whole
/// panels, and an odd number of cache lines, so that a tile's rows do not compete for the same cache sets.
size_t ck_row_stride(size_t columns);

// ---- Linear layers: y[m, n] = sum over k of x[m, k] * w[n, k]

/// Bytes of a packed weight matrix with `outputs` outputs and `inputs` inputs.
///
/// float32: [outputs / 32][inputs][32]. 16-bit: [outputs / 32][inputs / 2][32][2], so that a 32-bit lane holds
/// two consecutive inputs of one output. Missing outputs of the last panel, and the odd input, are zero.
size_t ck_packed_bytes(ck_scalar scalar, size_t outputs, size_t inputs);

/// A matrix as it is stored, and where it is to be packed: [outputs, inputs], contiguous, little-endian.
typedef struct ck_stored {
    ck_scalar scalar;
    size_t outputs, inputs;
    /// The values, at any alignment; NULL where they are read from a file.
    const void *weights;
    int file;
    uint64_t offset;
    /// Zeroed memory of `ck_packed_bytes`.
    void *packed;
    /// What ck_pack says of it: the index of the first value (in row order) that is infinite or not a number, or -1
    /// when all are finite.
    int64_t not_finite;
    /// What ck_pack says of its file: 0, the error's number, or CK_FILE_ENDS.
    int error;
} ck_stored;

/// The file is shorter than the matrix.
#define CK_FILE_ENDS (-1)

/// Packs matrices, all threads at all of them together. False when memory is refused.
bool ck_pack(ck_context *context, ck_stored *stored, size_t count);

/// Reads row `output` of a packed matrix: `inputs` values into `destination`.
void ck_unpack_row(ck_scalar scalar, const void *packed, size_t inputs, size_t output, float *destination);

/// Makes room for packed activations of layers with up to `inputs` inputs. False when memory is refused.
bool ck_reserve_inputs(ck_context *context, size_t inputs);

/// y [rows, outputs] = x [rows, inputs] * packedᵀ, or y += that product when `add` is set: the product is
/// rounded first, then added. `panel_begin ..< panel_end` are the panels of 32 outputs to compute; their columns
/// of y start at 0. False, with nothing computed, where `ck_reserve_inputs` was not called for so many inputs and
/// cannot be satisfied now.
bool ck_linear(
    ck_context *context, ck_compute compute, ck_scalar scalar, const void *packed, size_t inputs, size_t panel_begin,
    size_t panel_end, const float *x, size_t ldx, size_t rows, float *y, size_t ldy, bool add);

// ---- Rows

/// y[r, i] = (x[r, i] / sqrt(mean over i of x[r, i]² + epsilon)) * weight[i], i < columns. Each row holds `parts`
/// such vectors side by side, each normed by itself. y may be x.
void ck_rms_norm(
    ck_context *context, const float *x, size_t ldx, const float *weight, float epsilon, size_t rows, size_t parts,
    size_t columns, float *y, size_t ldy);

/// silu(z) = z / (1 + exp(-z)); gelu_tanh(z) = z / 2 * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 z³))).
typedef enum ck_activation { CK_SILU = 0, CK_GELU_TANH = 1 } ck_activation;

/// y[r, i] = activation(gate[r, i]) * up[r, i], i < columns.
void ck_gated(
    ck_context *context, ck_activation activation, const float *gate, const float *up, size_t ld, size_t rows,
    size_t columns, float *y, size_t ldy);

/// y[r, i] += x[r, i], i < columns. With ldx = 0 the same row is added to each.
void ck_add(
    ck_context *context, const float *x, size_t ldx, size_t rows, size_t columns, float *y, size_t ldy);

/// x[r, i] = cap * tanh(x[r, i] / cap), i < columns.
void ck_soft_cap(ck_context *context, float cap, size_t rows, size_t columns, float *x, size_t ldx);

/// The index of the largest of `count` > 0 values, the first of equals; 0 when none is a number.
size_t ck_argmax(const float *values, size_t count);

// ---- Probabilities, in double: exp(logit - largest logit) / sum, with an exp and a ln of our own

/// What the softmax of a row divides by: the sum of exp(logit - largest).
typedef struct ck_softmax_sum {
    double sum;
    float largest;
} ck_softmax_sum;

/// Of each row of logits [rows, columns].
void ck_softmax_sums(
    ck_context *context, const float *logits, size_t ld, size_t rows, size_t columns, ck_softmax_sum *sums);

/// Two rows of a matrix.
typedef struct ck_pair {
    size_t first, second;
} ck_pair;

/// The Jensen-Shannon divergence of two rows' distributions in nats, 0 ... ln 2, of each pair: half the sum of p ln(p/m)
/// and q ln(q/m), m = (p + q) / 2. `sums` are the rows' own.
void ck_divergences(
    ck_context *context, const float *logits, size_t ld, size_t columns, const ck_softmax_sum *sums,
    const ck_pair *pairs, size_t pair_count, double *divergences);

// ---- Attention

/// cosine, sine [rows, half]: of the float32 angle position[r] * frequency[i], i < half, times `scale`.
void ck_rotary_table(
    ck_context *context, const int32_t *positions, size_t rows, const float *frequencies, size_t half, float scale,
    float *cosine, float *sine);

/// A sequence's part of a batch, and its cache in one block of the model.
typedef struct ck_sequence {
    size_t first_row;   // of the batch's matrices
    size_t row_count;   // tokens of this sequence in the batch
    size_t start;       // position of the first of them
    size_t capacity;    // positions that the cache has room for, a multiple of 32
    float *keys;        // [kv heads][capacity / 32][head dimension][32], rotated
    float *values;      // [kv heads][capacity][head dimension rounded up to 16]
} ck_sequence;

/// The heads of an attention layer: query head h reads key/value head h / (heads / kv_heads).
typedef struct ck_heads {
    size_t heads, kv_heads, dimension;
} ck_heads;

/// Floats of the key cache, and of the value cache, of one block.
size_t ck_key_cache_floats(ck_heads heads, size_t capacity);
size_t ck_value_cache_floats(ck_heads heads, size_t capacity);

/// Rotates keys [rows, kv_heads * dimension] by the rows' positions (pairs are (i, i + dimension / 2)) and
/// stores them and `values`, of the same shape, in the sequences' caches at positions start, start + 1, ...
/// cosine, sine: [rows, dimension / 2]. The keys are rotated in place.
void ck_store_keys_values(
    ck_context *context, ck_heads heads, const ck_sequence *sequences, size_t sequence_count, float *keys,
    const float *values, size_t ld, const float *cosine, const float *sine);

/// Rotates queries [rows, heads * dimension] in place.
void ck_rotate_queries(
    ck_context *context, ck_heads heads, float *queries, size_t ld, size_t rows, const float *cosine,
    const float *sine);

/// How scores are made into weights.
typedef struct ck_scores {
    /// Scores are multiplied by it.
    float scale;
    /// Where above 0, a scaled score s becomes soft_cap * tanh(s / soft_cap).
    float soft_cap;
    /// Where above 0, a row sees only so many positions, its own and those right before.
    size_t window;
} ck_scores;

/// Causal attention: the row at position p attends to the cached positions max(0, p + 1 - window) ... p.
/// output[r, h] = softmax over j of score(query[r, h] . key[j]) times value[j]; both [rows, heads * dimension].
/// Returns false, with nothing computed, when scratch memory is refused.
bool ck_attention(
    ck_context *context, ck_heads heads, ck_scores scores, const ck_sequence *sequences, size_t sequence_count,
    const float *queries, size_t ldq, float *output, size_t ldo);

#ifdef __cplusplus
}
#endif
