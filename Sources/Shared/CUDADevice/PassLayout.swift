/// All that the launches of a pass depend on, besides the model and its memory: how many rows, pages and readings there
/// are, and where the tables about them lie. What a table says is read by the kernels alone, so passes of equal layouts
/// are the same launches.
struct PassLayout: Hashable {
    /// Blocks that are computed.
    let depth: Int
    let rowCount: Int
    /// Rows of last tokens.
    let lastRowCount: Int
    /// Whether the last tokens alone go on in the last block, once all keys and values are stored.
    let narrows: Bool
    /// Whether each sequence has one row, as where answers are written.
    let hasOneRowEach: Bool
    let pagesPerSequence: Int
    let tokens, position, sequence, pages: PassTables.Place
    /// Of the last tokens.
    let lastRow: PassTables.Place
    /// Of each block; those with the same window share them.
    let tiles: [Tiles]
    /// At each site, in ascending order.
    let touches: [Touch?]
    let heads: [Head]

    /// Rows of the stream behind the last block.
    var endRowCount: Int { narrows ? lastRowCount : rowCount }

    /// Readings of all sites.
    var readingCount: Int { touches.reduce(0) { $0 + ($1?.reads ?? 0) } }

    /// Picks of all heads.
    var pickCount: Int { heads.reduce(0) { $0 + $1.picks } }

    /// Tiles of all rows, or of the last tokens alone.
    struct Tiles: Hashable {
        let firstRow, rowCount, sequence, position: PassTables.Place
        let count: Int
        let span: Int
        /// Queries of a block at most.
        let queries: Int
    }

    /// What happens at a site: rows that are read, to be readings from `firstReading` on, and rows that are written.
    struct Touch: Hashable {
        let readRow: PassTables.Place
        let firstReading, reads: Int
        let writeRow, operation, count, vectors: PassTables.Place
        let writes: Int
    }

    /// Rows whose logits are computed together.
    struct Head: Hashable {
        let row: PassTables.Place
        let count: Int
        /// How many of them, the first ones, give their logits, and how many, the next ones, their softmax sums.
        let logits, sums: Int
        let givesFinalNorms, givesTokens: Bool
        /// Logits that are picked one by one, to be picks from `firstPick` on.
        let pickRow, pickColumn: PassTables.Place
        let firstPick, picks: Int
    }
}
