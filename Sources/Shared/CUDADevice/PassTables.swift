import Devices

/// Numbers that a pass's kernels read, laid out one after the other, to go to the device in one copy.
struct PassTables {
    private(set) var bytes: [UInt8] = []

    /// Where a table lies, from the beginning.
    struct Place: Hashable {
        fileprivate let offset: Int
        func address(from base: DeviceAddress) -> DeviceAddress { base + UInt64(offset) }
    }

    mutating func add<T>(_ values: [T]) -> Place {
        let place = Place(offset: bytes.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        // The next one is aligned for anything.
        bytes.append(contentsOf: repeatElement(0, count: (16 - bytes.count % 16) % 16))
        return place
    }
}

/// Consecutive rows of one sequence whose queries one block of the attention kernel takes.
struct AttentionTiles {
    private(set) var firstRow: [Int32] = []
    private(set) var rowCount: [Int32] = []
    private(set) var sequence: [Int32] = []
    private(set) var position: [Int32] = []
    /// Positions of whole pages that a tile may see at most.
    private(set) var span = 0
    /// Rows of a tile at most.
    private(set) var mostRows = 0

    var count: Int { firstRow.count }

    /// Cuts `rows` rows, from `firstRow` on, of the sequence that has read `start` positions before.
    mutating func add(firstRow: Int, rows: Int, sequence: Int, start: Int, rowsOfTile: Int, window: Int?) {
        for begin in stride(from: 0, to: rows, by: rowsOfTile) {
            let count = min(rowsOfTile, rows - begin)
            self.firstRow.append(Int32(firstRow + begin))
            rowCount.append(Int32(count))
            self.sequence.append(Int32(sequence))
            position.append(Int32(start + begin))
            mostRows = max(mostRows, count)
            let seen = max(0, start + begin + 1 - (window ?? .max)) / PageShape.positions
            span = max(span, (PageShape.count(positions: start + begin + count) - seen) * PageShape.positions)
        }
    }
}
