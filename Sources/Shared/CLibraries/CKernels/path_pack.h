// Weights into panels: a panel's lanes of 32 bits, an input or a pair of them, where its rows are neighbours.

/// Lanes that are packed before the next rows of the panel: a cache line of each.
#define PACK_LANES 16

typedef uint32_t u4 __attribute__((vector_size(16)));
typedef uint32_t u4_unaligned __attribute__((vector_size(16), aligned(1)));
typedef uint32_t u16_anywhere __attribute__((vector_size(64), aligned(1)));

/// Four lanes of four rows, `stride` bytes apart, to `to`.
INLINE void pack_four(const char *from, size_t stride, uint32_t *to) {
    u4 row[4];
    for (int r = 0; r < 4; r++) row[r] = *(const u4_unaligned *)(from + (size_t)r * stride);
    const u4 low[2] = {
        __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5), __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5),
    };
    const u4 high[2] = {
        __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7), __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7),
    };
    *(u4 *)to = __builtin_shufflevector(low[0], low[1], 0, 1, 4, 5);
    *(u4 *)(to + CK_PANEL) = __builtin_shufflevector(low[0], low[1], 2, 3, 6, 7);
    *(u4 *)(to + 2 * CK_PANEL) = __builtin_shufflevector(high[0], high[1], 0, 1, 4, 5);
    *(u4 *)(to + 3 * CK_PANEL) = __builtin_shufflevector(high[0], high[1], 2, 3, 6, 7);
}

#if PACKS_WHOLE_LINES
/// Sixteen lanes of sixteen rows, `stride` bytes apart, to `to`: whole cache lines of either, in registers.
INLINE void pack_sixteen(const char *from, size_t stride, uint32_t *to) {
    u16 x[16], y[16];
    for (int r = 0; r < 16; r++) x[r] = *(const u16_anywhere *)(from + (size_t)r * stride);
    // Neighbours are joined, then pairs of them, then quarters of registers.
#define LOW_LANES(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH_LANES(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#define EVEN_QUARTERS(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD_QUARTERS(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
    for (int i = 0; i < 16; i += 2) {
        y[i] = LOW_LANES(x[i], x[i + 1]);
        y[i + 1] = HIGH_LANES(x[i], x[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        x[i] = LOW_PAIRS(y[i], y[i + 2]);
        x[i + 1] = HIGH_PAIRS(y[i], y[i + 2]);
        x[i + 2] = LOW_PAIRS(y[i + 1], y[i + 3]);
        x[i + 3] = HIGH_PAIRS(y[i + 1], y[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        y[i] = EVEN_QUARTERS(x[i], x[i + 4]);
        y[i + 4] = ODD_QUARTERS(x[i], x[i + 4]);
        y[i + 8] = EVEN_QUARTERS(x[i + 8], x[i + 12]);
        y[i + 12] = ODD_QUARTERS(x[i + 8], x[i + 12]);
    }
    for (int i = 0; i < 8; i++) {
        *(u16 *)(to + (size_t)i * CK_PANEL) = EVEN_QUARTERS(y[i], y[i + 8]);
        *(u16 *)(to + (size_t)(i + 8) * CK_PANEL) = ODD_QUARTERS(y[i], y[i + 8]);
    }
#undef LOW_LANES
#undef HIGH_LANES
#undef LOW_PAIRS
#undef HIGH_PAIRS
#undef EVEN_QUARTERS
#undef ODD_QUARTERS
}
#endif

/// Up to 16 lanes, from lane `begin` on, of the rows from `first` on.
INLINE void pack_part(
    const char *weights, size_t bytes, size_t begin, size_t count, size_t first, size_t rows, uint32_t *to) {
    const size_t whole = count / 4 * 4, last = first + (rows - first) / 4 * 4;
    for (size_t row = first; row < rows; row++) {
        const char *from = weights + row * bytes + 4 * begin;
        const bool among_four = row < last;
        if (among_four && (row - first) % 4 == 0)
            for (size_t k = 0; k < whole; k += 4) pack_four(from + 4 * k, bytes, to + (begin + k) * CK_PANEL + row);
        for (size_t k = among_four ? whole : 0; k < count; k++) memcpy(to + (begin + k) * CK_PANEL + row, from + 4 * k, 4);
    }
}

/// A panel's lanes, of rows of `bytes` bytes. What a row has beyond its last whole lane is an input without its pair.
static void pack(const char *weights, size_t bytes, size_t rows, uint32_t *to) {
    const size_t lanes = bytes / 4;
    for (size_t begin = 0; begin < lanes; begin += PACK_LANES) {
        const size_t count = lanes - begin < PACK_LANES ? lanes - begin : PACK_LANES;
        size_t row = 0;
#if PACKS_WHOLE_LINES
        for (; count == PACK_LANES && rows - row >= 16; row += 16)
            pack_sixteen(weights + row * bytes + 4 * begin, bytes, to + begin * CK_PANEL + row);
#endif
        pack_part(weights, bytes, begin, count, row, rows, to);
    }
    for (size_t row = 0; bytes % 4 && row < rows; row++)
        memcpy(to + lanes * CK_PANEL + row, weights + row * bytes + 4 * lanes, 2);
}
