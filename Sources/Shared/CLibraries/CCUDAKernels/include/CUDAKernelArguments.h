#pragma once

/// What the host passes to each kernel: one struct by value. The same text is read by Swift, by NVRTC and by the
/// emulator's compiler, so that a field of another type or order is an error of compilation.
///
/// Matrices are row-major; a stride is the distance between rows in elements. A null address means: not wanted.

// A device address: a pointer inside a kernel, a number outside of it.
#ifdef CUDA_KERNEL_SOURCE
#define DEVICE(T) T *
#else
#include <stdint.h>
#define DEVICE(T) uint64_t
#endif

/// How a weight is stored.
enum { SCALAR_FLOAT32 = 0, SCALAR_BFLOAT16 = 1, SCALAR_FLOAT16 = 2 };
enum { INJECT_REPLACE = 0, INJECT_SUM = 1, INJECT_MEAN = 2 };
enum { ACTIVATION_SILU = 0, ACTIVATION_GELU_TANH = 1 };
/// Positions of a page of the key/value cache.
enum { PAGE_POSITIONS = 64 };
/// Queries that a block of the attention kernel takes at most, positions of a piece of values, and pieces that it holds.
enum { ATTENTION_QUERIES = 16, ATTENTION_POSITIONS = 16, ATTENTION_PIECES = 4 };
/// Parts of a row whose largest value is looked for.
enum { ARGMAX_PARTS = 64 };
/// Rows of a product of bfloat16 are stored in whole steps of so many inputs; those beyond the last are zeros.
enum { INPUT_STEP = 64 };

/// residual[r] = embedding[tokens[r]] * scale
typedef struct {
    DEVICE(const void) embedding;     // [vocabulary, stride]
    DEVICE(const int) tokens;         // [rows]
    DEVICE(float) residual;           // [rows, columns]
    int scalar, stride, columns;
    float scale;
} embed_arguments;

/// cosine, sine [r, i] = those of position[r] * frequencies[i], times scale
typedef struct {
    DEVICE(const float) frequencies;  // [half]
    DEVICE(const int) position;       // [rows]
    DEVICE(float) cosine;             // [rows, half]
    DEVICE(float) sine;
    int half;
    float scale;
} rotary_arguments;

/// y = x / sqrt(mean(x^2) + epsilon) * weight, of `grid.y` pieces of `columns` side by side in each row.
typedef struct {
    DEVICE(const float) input;        // [rows, inputStride]
    DEVICE(const float) weight;       // [columns]
    DEVICE(float) wide;               // y as float32, [rows, wideStride]
    DEVICE(unsigned short) narrow;    // y as bfloat16, [rows, narrowStride]
    DEVICE(float) added;              // takes y, [rows, addedStride]
    int inputStride, wideStride, narrowStride, addedStride;
    int columns;
    float epsilon;
} norm_arguments;

/// y[r, o] = (accumulate ? y[r, o] : 0) + sum over k of input[r, k] * weights[o, k], and then + bias[o]
typedef struct {
    DEVICE(const unsigned short) weights;  // bfloat16, [outputs, inputs]
    DEVICE(const unsigned short) input;    // bfloat16, [rows, inputs]
    DEVICE(float) output;                  // [rows, stride]
    DEVICE(const float) bias;              // [outputs]
    int rows, inputs, outputs;             // inputs: a multiple of INPUT_STEP
    int stride, accumulate;
} linear_arguments;

/// The same with float32 inputs and weights of any type.
typedef struct {
    DEVICE(const void) weights;       // [outputs, weightStride]
    DEVICE(const float) input;        // [rows, inputStride]
    DEVICE(float) output;             // [rows, stride]
    DEVICE(const float) bias;         // [outputs]
    int rows, inputs, outputs, scalar;
    int weightStride, inputStride, stride, accumulate;
} linear_wide_arguments;

/// Rotates keys and stores keys and values in the cache's pages.
typedef struct {
    DEVICE(const float) keyValue;     // [rows, stride]: keys, then values
    DEVICE(const float) cosine;       // [rows, d / 2]
    DEVICE(const float) sine;
    DEVICE(const int) position;       // [rows]
    DEVICE(const int) sequence;       // [rows]
    DEVICE(const unsigned long long) pages;  // [sequences, pagesPerSequence]: addresses
    int stride, kvHeads, dimension, pagesPerSequence;
    long long offset;                 // of the block in a page, in floats
} store_arguments;

/// Causal attention of tiles of consecutive rows of a sequence: grid (tiles, kvHeads, parts of a group).
typedef struct {
    DEVICE(const float) queries;      // [rows, queryStride], before they are rotated
    DEVICE(const float) keyValue;     // [rows, keyValueStride]: keys, then values, of tiles of one row, which are stored
                                      // first; null: they are stored already
    DEVICE(const float) cosine;       // [table rows, d / 2]
    DEVICE(const float) sine;
    DEVICE(const int) tableRow;       // [rows]; null: row r of the table for row r
    DEVICE(const unsigned long long) pages;
    DEVICE(const int) tileRow;        // [tiles]: the tile's first row
    DEVICE(const int) tileRows;       // how many it has
    DEVICE(const int) tileSequence;
    DEVICE(const int) tilePosition;   // of its first row
    DEVICE(float) wide;               // [rows, wideStride]
    DEVICE(unsigned short) narrow;    // [rows, narrowStride]
    DEVICE(float) scores;             // [blocks, ATTENTION_QUERIES, span], where they are too many for shared memory
    int queryStride, keyValueStride, wideStride, narrowStride;
    int heads, kvHeads, dimension, pagesPerSequence;
    long long offset;                 // of the block in a page, in floats
    int span;                         // positions of whole pages that a tile may see
    int window;                       // positions that a query sees; 0: all
    float scale, softCap;             // softCap 0: none
} attention_arguments;

/// y = activation(gate) * up
typedef struct {
    DEVICE(const float) gateUp;       // [rows, 2 * columns]
    DEVICE(float) wide;               // [rows, columns]
    DEVICE(unsigned short) narrow;    // [rows, narrowStride]
    int columns, narrowStride, activation;
} gate_arguments;

/// to[r] = from[row[r]]
typedef struct {
    DEVICE(const float) from;         // [rows, columns]
    DEVICE(const int) row;
    DEVICE(float) to;                 // [grid.x, columns]
    int columns;
} copy_rows_arguments;

/// The last `count` coordinates of the stream at a row take in those of a vector.
typedef struct {
    DEVICE(float) residual;           // [rows, columns]
    DEVICE(const int) row;            // [grid.x]
    DEVICE(const int) operation;      // [grid.x]
    DEVICE(const int) count;          // [grid.x]
    DEVICE(const float) vectors;      // [grid.x, columns]: the first `count` values count
    int columns;
} inject_arguments;

/// x becomes cap * tanh(x / cap)
typedef struct {
    DEVICE(float) values;             // [rows, columns]
    int columns;
    float cap;
} soft_cap_arguments;

/// The index of a row's largest value, the first among equals; 0 where none is a number.
typedef struct {
    DEVICE(const float) logits;       // [rows, columns]
    DEVICE(unsigned long long) parts; // [rows, ARGMAX_PARTS]: the best of each part of the columns
    DEVICE(int) tokens;               // [rows]
    int columns;
} argmax_arguments;

/// What the softmax of a row divides by: the sum of exp(logit - largest), in double.
typedef struct {
    double sum;
    float largest;
    int unused;
} softmax_sum;

typedef struct {
    DEVICE(const float) logits;       // [rows, columns]
    DEVICE(softmax_sum) sums;         // [rows]
    int columns;
} softmax_arguments;

/// values[i] = logits[row[i], column[i]]
typedef struct {
    DEVICE(const float) logits;       // [rows, columns]
    DEVICE(const int) row;            // [count]
    DEVICE(const int) column;         // [count]
    DEVICE(float) values;             // [count]
    int columns, count;
} pick_arguments;

/// The index of the first value that is infinite or not a number, where it is smaller than what stands there.
typedef struct {
    DEVICE(const void) values;        // [rows, stride]
    DEVICE(unsigned long long) first; // [1]
    unsigned long long count;         // rows * columns
    int scalar, columns, stride;
} find_not_finite_arguments;
