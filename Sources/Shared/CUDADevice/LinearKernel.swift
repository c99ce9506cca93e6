/// A kernel of bfloat16 products, and the tile that a block of it computes. All of them give the same bits; which one is
/// fastest for a shape was measured on an H200.
struct LinearKernel: Sendable {
    let kernel: Kernel
    /// Rows of a tile: a kernel for few rows takes no more than that.
    let rows: Int
    private let outputs: Int
    private let threads: Int
    private let stages: Int
    private let isForFewRows: Bool

    /// Each takes rounds of 64 inputs, `stages` of them ahead.
    private static func few(_ kernel: Kernel, rows: Int, stages: Int) -> LinearKernel {
        LinearKernel(kernel: kernel, rows: rows, outputs: 32, threads: 64, stages: stages, isForFewRows: true)
    }

    private static func hopper(_ kernel: Kernel, rows: Int, groups: Int, stages: Int) -> LinearKernel {
        LinearKernel(
            kernel: kernel, rows: rows, outputs: 64 * groups, threads: 128 * groups, stages: stages,
            isForFewRows: rows <= 64)
    }

    static let portable = [
        few(.linear8Rows, rows: 8, stages: 8), few(.linear8RowsDeep, rows: 8, stages: 12),
        few(.linear16Rows, rows: 16, stages: 8), few(.linear16RowsDeep, rows: 16, stages: 12),
        few(.linear32Rows, rows: 32, stages: 8), few(.linear64Rows, rows: 64, stages: 8), many,
    ]
    private static let many = LinearKernel(
        kernel: .linearManyRows, rows: 128, outputs: 128, threads: 128, stages: 3, isForFewRows: false)
    static let hopper = [
        hopper(.hopper32Rows, rows: 32, groups: 1, stages: 8),
        hopper(.hopper32RowsDeep, rows: 32, groups: 1, stages: 12),
        hopper(.hopper64Rows, rows: 64, groups: 1, stages: 6),
        hopper(.hopper64RowsDeep, rows: 64, groups: 1, stages: 12),
        hopper(.hopper128Rows, rows: 128, groups: 2, stages: 4),
        hopper(.hopper256Rows, rows: 256, groups: 2, stages: 4),
    ]

    /// The kernel for a product.
    ///
    /// - Parameter processors: of a device that has ``hopper`` and was found to compute right with it; else nil.
    static func best(rows: Int, outputs: Int, hopper processors: Int?) -> LinearKernel {
        let isDeep = outputs < 8192
        switch (rows, processors) {
        case (...8, _): return portable[isDeep ? 1 : 0]
        case (...16, _): return portable[isDeep ? 3 : 2]
        case (...32, nil): return portable[4]
        case (...64, nil): return portable[5]
        case (_, nil): return many
        case (...32, _): return hopper[isDeep ? 1 : 0]
        case (...64, _): return hopper[isDeep ? 3 : 2]
        case (_, let processors?):
            // Large tiles where they keep the device busy.
            return hopper[(rows + 255) / 256 * ((outputs + 127) / 128) >= processors ? 5 : 4]
        }
    }

    func shape(rows: Int, outputs: Int) -> LaunchShape {
        let panels = (outputs + self.outputs - 1) / self.outputs
        let (tiles, sharedBytes) = ((rows + self.rows - 1) / self.rows, stages * (self.outputs + self.rows) * 128)
        if isForFewRows && !kernel.isHopper {
            return LaunchShape(panels, threads: threads, sharedBytes: sharedBytes)
        }
        return LaunchShape(tiles, panels, threads: threads, sharedBytes: sharedBytes)
    }
}
