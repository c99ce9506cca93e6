/// How W's outputs, one for each dimension of B, are cut into blocks that can be trained apart: a function of W's shape
/// alone, so that neither a block's bits nor the order of any sum depends on who trains it.
package struct OutputBlocks: Hashable, Sendable {
    package let dimensionB: Int
    /// Outputs of a block; the last block may have fewer.
    package let size: Int

    /// W's elements of a block at most: with Adam's moments 12 MB, so that a block stays in a processor's cache
    /// from step to step.
    private static let elements = 1 << 20
    /// Blocks at least, where B has dimensions enough: work for so many workers.
    private static let leastCount = 32
    /// What kernels take at a time.
    private static let granularity = 8

    package init(dimensionA: Int, dimensionB: Int) {
        precondition(dimensionA > 0 && dimensionB > 0, "a projection between spaces of at least one dimension")
        self.dimensionB = dimensionB
        let share = (dimensionB + Self.leastCount - 1) / Self.leastCount
        let rounded = (share + Self.granularity - 1) / Self.granularity * Self.granularity
        let largest = Self.elements / dimensionA / Self.granularity * Self.granularity
        size = max(Self.granularity, min(rounded, largest))
    }

    package var count: Int { (dimensionB + size - 1) / size }

    /// The outputs of the block `index`.
    package subscript(index: Int) -> Range<Int> {
        index * size..<min((index + 1) * size, dimensionB)
    }
}
