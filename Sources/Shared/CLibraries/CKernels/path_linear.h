// Linear layers: a part of path_kernels.h, which says what the macros mean.

/// The even or odd input of 16 lanes that hold two 16-bit weights each. Weights are finite (checked when packed),
/// so scaling by 2^112 turns a float16's bits into its float32 value exactly, subnormals too.
INLINE v16 widen(const int scalar, u16 pair, const int odd) {
    if (scalar == CK_BFLOAT16) return odd ? (v16)(pair & 0xffff0000u) : (v16)(pair << 16);
    u16 half = odd ? pair >> 16 : pair & 0xffffu;
    v16 magnitude = (v16)((half & 0x7fffu) << 13) * splat(0x1p112f);
    return (v16)((u16)magnitude | ((half & 0x8000u) << 16));
}

// ---- Rows

/// To the nearest bfloat16, ties to even; a not-a-number stays one. Subnormals are kept here: it is the product that
/// takes them as zero.
INLINE v16 round_to_bfloat16(v16 value) {
    const u16 bits = (u16)value;
    const v16 rounded = (v16)((bits + (bits >> 16 & 1u) + 0x7fffu) & 0xffff0000u);
    return SELECT((i16)(bits & 0x7fffffffu) > 0x7f800000, (v16)((u16)splat(0) | 0x7fc00000u), rounded);
}

/// The inputs `begin` ..< `begin` + 16 of a row in the order in which they are added up: those of each pair change
/// places where they are `rounded`. Beyond the row's end there are zeros, and nothing is read.
INLINE v16 ordered_inputs(const bool rounded, const float *row, size_t begin, size_t inputs) {
    v16 value = inputs - begin >= 16 ? LOAD(row + begin) : load_part(row + begin, inputs - begin);
    if (!rounded) return value;
    return __builtin_shufflevector(
        round_to_bfloat16(value), value, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

typedef float v4 __attribute__((vector_size(16)));
typedef float v4_unaligned __attribute__((vector_size(16), aligned(4)));

/// Writes 16 inputs of four rows to `to`, where an input's rows are neighbours and inputs are `stride` apart.
INLINE void transpose_four(v16 a, v16 b, v16 c, v16 d, float *to, size_t stride) {
#define LOW(p, q) \
    __builtin_shufflevector(p, q, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH(p, q) \
    __builtin_shufflevector(p, q, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW_PAIRS(p, q) \
    __builtin_shufflevector(p, q, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH_PAIRS(p, q) \
    __builtin_shufflevector(p, q, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
    const v16 ab[2] = {LOW(a, b), HIGH(a, b)}, cd[2] = {LOW(c, d), HIGH(c, d)};
    // Input 4 * i + j of the four rows is the ith quarter of the jth.
    const v16 inputs[4] = {
        LOW_PAIRS(ab[0], cd[0]), HIGH_PAIRS(ab[0], cd[0]), LOW_PAIRS(ab[1], cd[1]), HIGH_PAIRS(ab[1], cd[1]),
    };
#undef LOW
#undef HIGH
#undef LOW_PAIRS
#undef HIGH_PAIRS
#define QUARTER(i) \
    for (int j = 0; j < 4; j++) \
        *(v4_unaligned *)(to + (4 * i + (size_t)j) * stride) = \
            __builtin_shufflevector(inputs[j], inputs[j], 4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3);
    QUARTER(0) QUARTER(1) QUARTER(2) QUARTER(3)
#undef QUARTER
}

INLINE void pack_tile(const bool rounded, const linear_job *job, const float *from, size_t ldx, size_t rows, float *to) {
    for (size_t k = 0; k < job->lanes; k += 16) {
        const size_t count = job->lanes - k < 16 ? job->lanes - k : 16;
#define INPUTS(r) ordered_inputs(rounded, from + (r) * ldx, k, job->inputs)
        if (count == 16 && rows == 1) {
            STORE(to + k, INPUTS(0));
        } else if (count == 16 && rows >= 4) {
            // The last four may have been among others before.
            for (size_t four = 0; four < rows; four += 4) {
                const size_t r = four + 4 <= rows ? four : rows - 4;
                transpose_four(INPUTS(r), INPUTS(r + 1), INPUTS(r + 2), INPUTS(r + 3), to + k * rows + r, rows);
            }
        } else {
            for (size_t r = 0; r < rows; r++) {
                float lane[16];
                STORE(lane, INPUTS(r));
                for (size_t i = 0; i < count; i++) to[(k + i) * rows + r] = lane[i];
            }
        }
#undef INPUTS
    }
}

static void linear_pack(
    const linear_job *job, const float *from, size_t ldx, uint32_t *to, size_t tile_begin, size_t tile_end) {
    for (size_t tile = tile_begin; tile < tile_end; tile++) {
        const size_t row = tile_row(job, tile), rows = tile_row(job, tile + 1) - row;
        float *packed = (float *)to + row * job->lanes;
        if (job->rounded) pack_tile(true, job, from + row * ldx, ldx, rows, packed);
        else pack_tile(false, job, from + row * ldx, ldx, rows, packed);
    }
}

// ---- Tiles

/// How a tile reads its weights.
typedef struct weight_kind {
    int scalar;
    /// Of each pair of 16-bit weights the odd one comes first.
    bool odd_first;
    /// Lanes of 32 bits between the weights at work and those being fetched, where they stream from memory; else 0.
    size_t ahead;
} weight_kind;

/// What is fetched while a tile is at work on weights that do not stream: `step` bytes further on at each step.
typedef struct fetching {
    const char *next;
    size_t step;
} fetching;

/// accumulators[rows][16 * vectors] += x [count][rows] times the weights of as many outputs, input by input. Vector v
/// reads at w + v / 2 * panel + v % 2 * 16 lanes of 32 bits.
INLINE void tile(
    const weight_kind kind, const int rows, const int vectors, const float *x, const uint32_t *w, size_t panel,
    size_t count, fetching fetched, float *accumulators, size_t lda, bool first) {
    // Sized for the largest tile: what a tile does not use costs nothing.
    v16 acc[TILE_ROWS][2 * PANELS_AT_ONCE];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) acc[r][v] = first ? splat(0) : LOAD(accumulators + r * lda + 16 * v);

#define WEIGHTS(v) (w + (size_t)(v / 2) * panel + v % 2 * 16)
    const size_t together = kind.scalar == CK_FLOAT32 ? 1 : 2;
#pragma clang loop unroll(disable)
    for (size_t k = 0; k + together <= count; k += together) {
        if (!kind.ahead) {
            __builtin_prefetch(fetched.next, 0, 2);
            fetched.next += fetched.step;
        }
        u16 raw[2 * PANELS_AT_ONCE];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            raw[v] = *(const u16_unaligned *)WEIGHTS(v);
            if (kind.ahead) __builtin_prefetch(WEIGHTS(v) + kind.ahead, 0, 3);
        }
#pragma clang loop unroll(full)
        for (size_t input = 0; input < together; input++) {
            const int odd = kind.odd_first ? 1 - (int)input : (int)input;
            v16 weight[2 * PANELS_AT_ONCE];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                weight[v] = kind.scalar == CK_FLOAT32 ? (v16)raw[v] : widen(kind.scalar, raw[v], odd);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                const v16 value = splat(x[r]);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) acc[r][v] = FMA(value, weight[v], acc[r][v]);
            }
            x += rows;
        }
        w += CK_PANEL;
    }
    if (kind.scalar != CK_FLOAT32 && count % 2 == 1)
        for (int v = 0; v < vectors; v++) {
            const v16 weight = widen(kind.scalar, *(const u16_unaligned *)WEIGHTS(v), 0);
            for (int r = 0; r < rows; r++) acc[r][v] = FMA(splat(x[r]), weight, acc[r][v]);
        }
#undef WEIGHTS

#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) STORE(accumulators + r * lda + 16 * v, acc[r][v]);
}

/// A tile of one panel, of a number of rows known at run time: each number is compiled with its accumulators in
/// registers, and as many of the panel's vectors as fit beside each other.
INLINE void panel_tile(
    const weight_kind kind, size_t rows, const float *x, const uint32_t *w, size_t count, fetching fetched,
    float *accumulators, bool first) {
#define ROWS(n) \
    case n: \
        if (n <= TILE_ROWS) { \
            const int some = n <= TILE_ROWS ? n : 1, vectors = 2 * some < TILE_ROWS ? 2 : TILE_VECTORS; \
            for (int v = 0; v < 2; v += vectors) \
                tile( \
                    kind, some, vectors, x, w + 16 * v, 0, count, fetched, accumulators + 16 * v, CK_PANEL, first); \
        } \
        break;
    switch (rows) {
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6) ROWS(7) ROWS(8) ROWS(9) ROWS(10) ROWS(11) ROWS(12)
    }
#undef ROWS
}

/// Of one row, or of two where there are registers, PANELS_AT_ONCE panels side by side: their accumulators together
/// hide the latency of an addition. `panel` is the distance between panels in lanes of 32 bits.
INLINE void panels_tile(
    const weight_kind kind, size_t rows, const float *x, const uint32_t *w, size_t panel, size_t count,
    float *accumulators) {
    const int vectors = 2 * PANELS_AT_ONCE;
    if (rows == 1) tile(kind, 1, vectors, x, w, panel, count, (fetching){0}, accumulators, 16 * vectors, true);
    else tile(kind, ROWS_AT_ONCE, vectors, x, w, panel, count, (fetching){0}, accumulators, 16 * vectors, true);
}

/// Both, of one kind of weights, compiled once for all that use them.
#define TILES(name, scalar, odd_first, ahead) \
    static void name( \
        size_t rows, const float *x, const uint32_t *w, size_t count, fetching fetched, float *accumulators, \
        bool first) { \
        panel_tile((weight_kind){scalar, odd_first, ahead}, rows, x, w, count, fetched, accumulators, first); \
    }
#define STREAMING_TILES(name, scalar, odd_first) \
    TILES(name##_streaming_tile, scalar, odd_first, LINEAR_AHEAD) \
    static void name##_panels_tile( \
        size_t rows, const float *x, const uint32_t *w, size_t panel, size_t count, float *accumulators) { \
        panels_tile( \
            (weight_kind){scalar, odd_first, LINEAR_AHEAD / PANELS_AT_ONCE}, rows, x, w, panel, count, accumulators); \
    }
TILES(float32_tile, CK_FLOAT32, false, 0)
TILES(float16_tile, CK_FLOAT16, false, 0)
TILES(bfloat16_tile, CK_BFLOAT16, false, 0)
TILES(rounded_tile, CK_BFLOAT16, true, 0)
STREAMING_TILES(float32, CK_FLOAT32, false)
STREAMING_TILES(float16, CK_FLOAT16, false)
STREAMING_TILES(bfloat16, CK_BFLOAT16, false)
STREAMING_TILES(rounded, CK_BFLOAT16, true)
#undef TILES
#undef STREAMING_TILES

/// How layers of one kind of weights are computed.
typedef struct weight_tiles {
    void (*streaming)(
        size_t rows, const float *x, const uint32_t *w, size_t count, fetching fetched, float *accumulators, bool first);
    void (*panels)(
        size_t rows, const float *x, const uint32_t *w, size_t panel, size_t count, float *accumulators);
    void (*resting)(
        size_t rows, const float *x, const uint32_t *w, size_t count, fetching fetched, float *accumulators, bool first);
    /// Makes a block of a panel's weights float32, [inputs][CK_PANEL], in the order in which they are added up. NULL
    /// where they are.
    void (*widen)(const uint32_t *w, size_t count, float *to);
} weight_tiles;

INLINE void widen_block(const int scalar, const bool odd_first, const uint32_t *w, size_t count, float *to) {
    for (size_t k = 0; k < count; k += 2, w += CK_PANEL, to += 2 * CK_PANEL)
        for (int v = 0; v < 2; v++) {
            const u16 raw = *(const u16_unaligned *)(w + 16 * v);
            STORE(to + 16 * v, widen(scalar, raw, odd_first));
            STORE(to + CK_PANEL + 16 * v, widen(scalar, raw, !odd_first));
        }
}

static void widen_float16(const uint32_t *w, size_t count, float *to) { widen_block(CK_FLOAT16, false, w, count, to); }
static void widen_bfloat16(const uint32_t *w, size_t count, float *to) {
    widen_block(CK_BFLOAT16, false, w, count, to);
}
static void widen_rounded(const uint32_t *w, size_t count, float *to) { widen_block(CK_BFLOAT16, true, w, count, to); }

static weight_tiles tiles_of(const linear_job *job) {
    switch (job->scalar) {
    case CK_FLOAT32: return (weight_tiles){float32_streaming_tile, float32_panels_tile, float32_tile, NULL};
    case CK_FLOAT16: return (weight_tiles){float16_streaming_tile, float16_panels_tile, float16_tile, widen_float16};
    case CK_BFLOAT16:
        return job->rounded
            ? (weight_tiles){rounded_streaming_tile, rounded_panels_tile, rounded_tile, widen_rounded}
            : (weight_tiles){bfloat16_streaming_tile, bfloat16_panels_tile, bfloat16_tile, widen_bfloat16};
    }
}

// ---- Panels

INLINE void write_row(const float *from, float *to, bool add) {
    for (int v = 0; v < 2; v++) {
        v16 value = LOAD(from + 16 * v);
        STORE(to + 16 * v, add ? LOAD(to + 16 * v) + value : value);
    }
}

/// One tile of rows: the weights stream from memory, each used once, and are widened in registers. Panel by panel: a
/// thread that reads one stream gets more of the memory's bandwidth than one that reads several. But a layer that stays
/// in the caches is better read by several panels at once, where rows are too few to keep the arithmetic busy.
static void linear_narrow(
    const linear_job *job, weight_tiles tiles, size_t panel_begin, size_t panel_end, size_t tile_begin) {
    float accumulators[MAX_TILE_ROWS * CK_PANEL] __attribute__((aligned(64)));
    const size_t row = tile_row(job, tile_begin), rows = tile_row(job, tile_begin + 1) - row;
    const float *x = (const float *)job->x + row * job->lanes;
    for (size_t p = panel_begin, together; p < panel_end; p += together) {
        const uint32_t *w = (const uint32_t *)(job->packed + p * job->panel_bytes);
        together = rows <= ROWS_AT_ONCE && job->is_small && panel_end - p >= PANELS_AT_ONCE ? PANELS_AT_ONCE : 1;
        __typeof__(flush_begin(NULL, NULL)) mode = 0;
        if (job->rounded) mode = flush_begin(x, accumulators);
        if (together > 1) tiles.panels(rows, x, w, job->panel_bytes / sizeof(uint32_t), job->lanes, accumulators);
        else tiles.streaming(rows, x, w, job->lanes, (fetching){0}, accumulators, true);
        if (job->rounded) flush_end(mode, accumulators);
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < together; i++)
                write_row(
                    accumulators + (r * together + i) * CK_PANEL,
                    job->y + (row + r) * job->ldy + (p + i - job->panel_begin) * CK_PANEL, job->add);
    }
}

/// Several tiles: block by block of inputs, so that a panel's block serves all tiles from the nearest cache. It is
/// widened once where tiles are many, in registers where they are few.
static void linear_wide(
    const linear_job *job, weight_tiles kind, size_t panel_begin, size_t panel_end, size_t tile_begin,
    size_t tile_end) {
    float accumulators[LINEAR_PANELS][LINEAR_TILES * TILE_ROWS][CK_PANEL] __attribute__((aligned(64)));
    float widened[LINEAR_INPUTS * CK_PANEL] __attribute__((aligned(64)));
    const size_t first_row = tile_row(job, tile_begin), tiles = tile_end - tile_begin;
    const size_t lanes_per_input = kind.widen ? CK_PANEL / 2 : CK_PANEL;
    const bool widens = kind.widen && tiles >= WIDENED_TILES;
    __typeof__(flush_begin(NULL, NULL)) mode = 0;
    if (job->rounded) mode = flush_begin((const float *)job->x, accumulators[0][0]);
    for (size_t k = 0; k < job->lanes; k += LINEAR_INPUTS) {
        const size_t count = job->lanes - k < LINEAR_INPUTS ? job->lanes - k : LINEAR_INPUTS;
        for (size_t p = panel_begin; p < panel_end; p++) {
            const uint32_t *w = (const uint32_t *)(job->packed + p * job->panel_bytes) + k * lanes_per_input;
            // The next panel's block is fetched while this one is at work: its share of each tile.
            const size_t bytes = count * lanes_per_input * sizeof(uint32_t) / tiles;
            const size_t steps = kind.widen && !widens ? (count + 1) / 2 : count;
            const char *next = (const char *)w + job->panel_bytes;
            if (widens) {
                kind.widen(w, count, widened);
                w = (const uint32_t *)widened;
            }
            for (size_t t = tile_begin; t < tile_end; t++, next += bytes) {
                const size_t row = tile_row(job, t), rows = tile_row(job, t + 1) - row;
                (widens ? float32_tile : kind.resting)(
                    rows, (const float *)job->x + row * job->lanes + k * rows, w, count,
                    (fetching){next, bytes / steps}, accumulators[p - panel_begin][row - first_row], k == 0);
            }
        }
    }
    if (job->rounded) flush_end(mode, accumulators[0][0]);
    const size_t rows = tile_row(job, tile_end) - first_row;
    for (size_t r = 0; r < rows; r++)
        for (size_t p = panel_begin; p < panel_end; p++)
            write_row(
                accumulators[p - panel_begin][r],
                job->y + (first_row + r) * job->ldy + (p - job->panel_begin) * CK_PANEL, job->add);
}

static void linear_multiply(
    const linear_job *job, size_t panel_begin, size_t panel_end, size_t tile_begin, size_t tile_end) {
    const weight_tiles tiles = tiles_of(job);
    if (tile_end - tile_begin == 1) linear_narrow(job, tiles, panel_begin, panel_end, tile_begin);
    else linear_wide(job, tiles, panel_begin, panel_end, tile_begin, tile_end);
}
