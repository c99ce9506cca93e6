import CKernels

/// Consecutive rows of a batch that belong to one sequence, and that sequence's cache in one block.
struct CachedRows {
    let firstRow: Int
    let rowCount: Int
    let start: Int
    let store: KeyValueStore

    /// Rows `firstRow ..< firstRow + rowCount` stand at positions `start`, `start + 1`, … of the sequence.
    init(firstRow: Int, rowCount: Int, start: Int, store: KeyValueStore) {
        precondition(start >= store.first && start + rowCount <= store.end)
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.start = start
        self.store = store
    }

    /// The last of these rows alone, as row `row` of another batch.
    func lastRow(at row: Int) -> CachedRows {
        CachedRows(firstRow: row, rowCount: 1, start: start + rowCount - 1, store: store)
    }

    /// The kernels count positions from the first one that is held: which rows see which depends on distances alone.
    var kernelSequence: ck_sequence {
        ck_sequence(
            first_row: firstRow, row_count: rowCount, start: start - store.first, capacity: store.capacity,
            keys: store.keys,
            values: store.values)
    }
}
