import CCUDAKernels
import Devices
import Run

/// What one pass computes of which rows, as the kernels' tables; nothing of it depends on the device.
struct PassPlan {
    /// Rows of the stream, as it goes through the blocks.
    struct Stream {
        let parts: [PassRows]
        let rowCount: Int
        /// The steps that end in this pass, and the rows of their last tokens.
        let lastRows: [(step: Int, row: Int)]

        init(_ parts: [PassRows]) {
            self.parts = parts
            rowCount = parts.reduce(0) { $0 + $1.tokens.count }
            lastRows = parts.filter(\.isLast).map { ($0.step, $0.lastRow) }
        }
    }

    let stream: Stream
    /// Where only the last tokens are left.
    let lastStream: Stream
    let pagesPerSequence: Int
    private(set) var tables = PassTables()
    let tokens, position, sequence, pages: PassTables.Place
    /// Of the last tokens, in the order of `stream.lastRows`.
    let lastRow: PassTables.Place
    private let starts: [Int]
    private let parts: [PassRows]

    init(_ parts: [PassRows], of steps: [SequenceStep], pages addresses: [[DeviceAddress]]) {
        self.parts = parts
        let starts = parts.map { steps[$0.step].cache.length + $0.tokens.lowerBound }
        self.starts = starts
        stream = Stream(parts)
        lastStream = Stream(PassRows.last(of: parts))
        tokens = tables.add(parts.flatMap { steps[$0.step].tokens[$0.tokens] })
        position = tables.add(
            zip(parts, starts).flatMap { part, start in (0..<part.tokens.count).map { Int32(start + $0) } })
        sequence = tables.add(
            parts.enumerated().flatMap { index, part in repeatElement(Int32(index), count: part.tokens.count) })
        let most = max(1, addresses.map(\.count).max() ?? 0)
        pagesPerSequence = most
        pages = tables.add(addresses.flatMap { $0 + repeatElement(0, count: most - $0.count) })
        lastRow = tables.add(stream.lastRows.map { Int32($0.row) })
    }

    /// Tiles of all rows, or of the last tokens alone.
    struct Tiles {
        let firstRow, rowCount, sequence, position: PassTables.Place
        let count: Int
        let span: Int
        /// Queries of a block at most.
        let queries: Int
    }

    mutating func addTiles(ofLast isLast: Bool, group: Int, window: Int?) -> Tiles {
        let most = ATTENTION_QUERIES
        var tiles = AttentionTiles()
        var lastCount = 0
        for (index, part) in parts.enumerated() where !isLast || part.isLast {
            let skipped = isLast ? part.tokens.count - 1 : 0
            tiles.add(
                firstRow: isLast ? lastCount : part.firstRow, rows: part.tokens.count - skipped, sequence: index,
                start: starts[index] + skipped, rowsOfTile: max(1, most / group), window: window)
            lastCount += 1
        }
        return Tiles(
            firstRow: tables.add(tiles.firstRow), rowCount: tables.add(tiles.rowCount),
            sequence: tables.add(tiles.sequence), position: tables.add(tiles.position), count: tiles.count,
            span: tiles.span, queries: tiles.mostRows * min(group, most))
    }

    /// What happens at a site: rows that are read, into which slots of the results, and rows that are written.
    struct Touch {
        let readRow: PassTables.Place
        let reads: [(step: Int, slot: Int)]
        let writeRow, operation, count, vectors: PassTables.Place
        let writes: Int
    }

    mutating func addTouch(at site: ActivationSite, _ stream: Stream, of steps: [SequenceStep], hidden: Int) -> Touch? {
        var (readRow, reads): ([Int32], [(step: Int, slot: Int)]) = ([], [])
        var (writeRow, operation, count, vectors): ([Int32], [Int32], [Int32], [Float]) = ([], [], [], [])
        for part in stream.parts {
            let (index, step) = (part.step, steps[part.step])
            for (slot, wanted) in step.readings.enumerated() where wanted == site {
                for row in part.rows(of: step.readTokens) {
                    readRow.append(Int32(row))
                    reads.append((index, slot))
                }
            }
            guard let injection = step.injection, injection.site == site else { continue }
            for (row, vector) in part.written(injection.vectors, at: step.writtenTokens) {
                let taken = vector.suffix(hidden)
                writeRow.append(Int32(row))
                operation.append(injection.operation.code)
                count.append(Int32(taken.count))
                vectors += taken + repeatElement(0, count: hidden - taken.count)
            }
        }
        guard !reads.isEmpty || !writeRow.isEmpty else { return nil }
        return Touch(
            readRow: tables.add(readRow), reads: reads, writeRow: tables.add(writeRow),
            operation: tables.add(operation),
            count: tables.add(count), vectors: tables.add(vectors), writes: writeRow.count)
    }

    mutating func add(rows: [Int32]) -> PassTables.Place { tables.add(rows) }
}

extension InjectionOperation {
    /// As the kernels name it.
    fileprivate var code: Int32 {
        switch self {
        case .replace: Int32(INJECT_REPLACE)
        case .sum: Int32(INJECT_SUM)
        case .mean: Int32(INJECT_MEAN)
        }
    }
}
