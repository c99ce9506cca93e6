/// A place in a model where the residual stream is read or written: after how many blocks.
///
/// 0 is the embedding; k is the stream after k blocks, before the final norm. In Hugging Face terms it is
/// `hidden_states[k]`, but for k = L, where that has the final norm applied. Reading and writing use the same
/// number.
package struct ActivationSite: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Blocks that have been computed, 0…L.
    package let blocks: Int

    package init(afterBlocks blocks: Int) { self.blocks = blocks }

    /// The token embedding, before any block.
    package static let embedding = ActivationSite(afterBlocks: 0)

    package var description: String { "after \(blocks) blocks" }

    package static func < (left: Self, right: Self) -> Bool { left.blocks < right.blocks }
}
