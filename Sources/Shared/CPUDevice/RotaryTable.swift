/// Cosine and sine of each row's rotary angles, `[rows, half]` each.
struct RotaryTable: Sendable {
    let rows: Int
    let half: Int
    var cosine: [Float]
    var sine: [Float]

    init(rows: Int, half: Int) {
        self.rows = rows
        self.half = half
        cosine = [Float](repeating: 0, count: rows * half)
        sine = cosine
    }

    /// The table of some of the rows, in the order given.
    func selecting(_ chosen: [Int]) -> RotaryTable {
        var table = RotaryTable(rows: chosen.count, half: half)
        for (row, source) in chosen.enumerated() {
            for i in 0..<half {
                table.cosine[row * half + i] = cosine[source * half + i]
                table.sine[row * half + i] = sine[source * half + i]
            }
        }
        return table
    }
}
