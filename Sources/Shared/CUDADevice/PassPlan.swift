import CCUDAKernels
import Devices
import ModelFolders
import Run

/// What one pass computes of which rows: the kernels' tables, their layout, and whose the results are. Nothing of it
/// depends on the device.
struct PassPlan {
    let tables: PassTables
    let layout: PassLayout
    /// Whose reading each is, in the order of the sites.
    let reads: [(step: Int, slot: Int)]
    /// Whose the rows of each of the layout's heads are.
    let heads: [[PassRows.Head]]

    /// - Parameters:
    ///   - parts: one of each sequence.
    ///   - addresses: of each part's pages.
    ///   - headRows: rows whose logits are computed together at most.
    init(
        _ parts: [PassRows], of steps: [SequenceStep], pages addresses: [[DeviceAddress]], depth: Int,
        _ shape: ModelConfiguration, headRows: Int
    ) {
        var plan = Builder(parts, of: steps, shape)
        let (lastParts, narrows) = (PassRows.last(of: parts), PassRows.narrows(parts, of: steps, depth: depth))
        let tokens = plan.tables.add(parts.flatMap { steps[$0.step].tokens[$0.tokens] })
        let position = plan.tables.add(
            zip(parts, plan.starts).flatMap { part, start in (0..<part.tokens.count).map { Int32(start + $0) } })
        let sequence = plan.tables.add(
            parts.enumerated().flatMap { index, part in repeatElement(Int32(index), count: part.tokens.count) })
        let pagesPerSequence = max(1, addresses.map(\.count).max() ?? 0)
        let pages = plan.tables.add(
            addresses.flatMap { $0 + repeatElement(0, count: pagesPerSequence - $0.count) })
        let lastRow = plan.tables.add(parts.filter(\.isLast).map { Int32($0.lastRow) })
        let tiles = plan.addTiles(depth: depth, narrows: narrows)
        let touches = (0...depth).map { blocks in
            plan.addTouch(
                at: ActivationSite(afterBlocks: blocks), narrows && blocks == depth ? lastParts : parts)
        }
        if depth == shape.blockCount { plan.addHeads(of: narrows ? lastParts : parts, rows: headRows) }
        tables = plan.tables
        reads = plan.reads
        heads = plan.headRows
        layout = PassLayout(
            depth: depth, rowCount: parts.reduce(0) { $0 + $1.tokens.count }, lastRowCount: lastParts.count,
            narrows: narrows, hasOneRowEach: parts.allSatisfy { $0.tokens.count == 1 },
            pagesPerSequence: pagesPerSequence, tokens: tokens, position: position, sequence: sequence, pages: pages,
            lastRow: lastRow, tiles: tiles, touches: touches, heads: plan.heads)
    }
}

private struct Builder {
    let parts: [PassRows]
    let steps: [SequenceStep]
    let shape: ModelConfiguration
    /// Positions that each part's sequence has read before.
    let starts: [Int]
    var tables = PassTables()
    var reads: [(step: Int, slot: Int)] = []
    var heads: [PassLayout.Head] = []
    var headRows: [[PassRows.Head]] = []

    init(_ parts: [PassRows], of steps: [SequenceStep], _ shape: ModelConfiguration) {
        (self.parts, self.steps, self.shape) = (parts, steps, shape)
        starts = parts.map { steps[$0.step].cache.length + $0.tokens.lowerBound }
    }

    /// Of each block; those with the same window share their tiles.
    mutating func addTiles(depth: Int, narrows: Bool) -> [PassLayout.Tiles] {
        struct Key: Hashable {
            let window: Int?
            let isLast: Bool
        }
        var known: [Key: PassLayout.Tiles] = [:]
        return (0..<depth).map { index in
            let key = Key(window: shape.arithmetic.windows[index], isLast: narrows && index == depth - 1)
            if let tiles = known[key] { return tiles }
            let tiles = addTiles(ofLast: key.isLast, window: key.window)
            known[key] = tiles
            return tiles
        }
    }

    private mutating func addTiles(ofLast isLast: Bool, window: Int?) -> PassLayout.Tiles {
        let (most, group) = (ATTENTION_QUERIES, shape.headCount / shape.keyValueHeadCount)
        var tiles = AttentionTiles()
        var lastCount = 0
        for (index, part) in parts.enumerated() where !isLast || part.isLast {
            let skipped = isLast ? part.tokens.count - 1 : 0
            tiles.add(
                firstRow: isLast ? lastCount : part.firstRow, rows: part.tokens.count - skipped, sequence: index,
                start: starts[index] + skipped, rowsOfTile: max(1, most / group), window: window)
            lastCount += 1
        }
        return PassLayout.Tiles(
            firstRow: tables.add(tiles.firstRow), rowCount: tables.add(tiles.rowCount),
            sequence: tables.add(tiles.sequence), position: tables.add(tiles.position), count: tiles.count,
            span: tiles.span, queries: tiles.mostRows * min(group, most))
    }

    /// - Parameter stream: the parts as the stream holds them at the site.
    mutating func addTouch(at site: ActivationSite, _ stream: [PassRows]) -> PassLayout.Touch? {
        let (hidden, firstReading) = (shape.hiddenSize, reads.count)
        var readRow: [Int32] = []
        var (writeRow, operation, count, vectors): ([Int32], [Int32], [Int32], [Float]) = ([], [], [], [])
        for part in stream {
            let (index, step) = (part.step, steps[part.step])
            for (slot, wanted) in step.readings.enumerated() where wanted == site {
                for row in part.rows(of: step.readTokens) {
                    readRow.append(Int32(row))
                    reads.append((index, slot))
                }
            }
            for injection in step.injections where injection.site == site {
                for (row, vector) in part.written(injection.vectors, at: step.tokens(writtenBy: injection)) {
                    let taken = vector.suffix(hidden)
                    writeRow.append(Int32(row))
                    operation.append(injection.operation.code)
                    count.append(Int32(taken.count))
                    vectors += taken + repeatElement(0, count: hidden - taken.count)
                }
            }
        }
        guard !readRow.isEmpty || !writeRow.isEmpty else { return nil }
        return PassLayout.Touch(
            readRow: tables.add(readRow), firstReading: firstReading, reads: readRow.count,
            writeRow: tables.add(writeRow), operation: tables.add(operation), count: tables.add(count),
            vectors: tables.add(vectors), writes: writeRow.count)
    }

    /// The rows whose head is wanted, at most `rows` together: those that give their logits, then those that are asked how
    /// likely tokens are, then those that give a token.
    mutating func addHeads(of stream: [PassRows], rows: Int) {
        let wanted = PassRows.heads(of: stream, steps)
        func those(_ isMeant: (SequenceStep.Head) -> Bool) -> [PassRows.Head] {
            wanted.filter { isMeant(steps[$0.step].head) }
        }
        let ordered = those { $0 == .logits } + those { $0.followers != nil } + those { $0 == .greedyToken }
        var firstPick = 0
        for begin in stride(from: 0, to: ordered.count, by: rows) {
            let mine = Array(ordered[begin..<min(begin + rows, ordered.count)])
            let asked = mine.map { steps[$0.step] }
            var (pickRow, pickColumn): ([Int32], [Int32]) = ([], [])
            for (row, head) in mine.enumerated() {
                let columns = steps[head.step].head.followers?[head.place] ?? []
                pickRow += repeatElement(Int32(row), count: columns.count)
                pickColumn += columns
            }
            heads.append(
                PassLayout.Head(
                    row: tables.add(mine.map { Int32($0.row) }), count: mine.count,
                    logits: asked.count { $0.head == .logits }, sums: asked.count { $0.head.followers != nil },
                    givesFinalNorms: asked.contains(where: \.readsFinalNorm),
                    givesTokens: asked.contains { $0.head == .greedyToken }, pickRow: tables.add(pickRow),
                    pickColumn: tables.add(pickColumn), firstPick: firstPick, picks: pickRow.count))
            firstPick += pickRow.count
            headRows.append(mine)
        }
    }
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
