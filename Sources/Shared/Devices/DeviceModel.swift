package import ModelFolders
package import Run

/// A model in a device's memory: what ``Device/load(_:_:computeType:rowLimit:)`` gives.
///
/// `LanguageModel` is its one caller, and has checked what it asks for: tokens in the vocabulary, positions, sites,
/// injections, caches of this model.
package protocol DeviceModel: AnyObject, Sendable {
    var configuration: ModelConfiguration { get }
    var computeType: ComputeType { get }

    /// Tokens that are computed together at most.
    var rowLimit: Int { get }

    /// Blocks computed since loading, counted once for every pass of up to ``rowLimit`` tokens.
    var blocksComputed: Int { get }

    /// Memory for the keys and values of a sequence, in its first `blockCount` blocks; it may take none until it is
    /// needed.
    func makeCacheMemory(blockCount: Int, for use: KeyValueCache.Use) throws(DeviceError) -> any CacheMemory

    /// Appends each step's tokens to its sequence, at the positions from `cache.length` on, and gives what was asked
    /// of its last token or tokens.
    ///
    /// Each sequence reads through the first `depth` blocks, which its cache covers: the token's embedding; in
    /// each block the keys and values of all its tokens; and as much of the rest as the outputs need. At each site,
    /// 0 to `depth`, the last token's stream is read first, or every token's, and those of some of them injected into then.
    /// The head follows the last block.
    /// The caches' lengths are the caller's to move on.
    /// - Parameter steps: at least one; a cache stands in one of them only.
    /// - Returns: one output for each step.
    /// - Throws: ``DeviceError/outOfMemory(bytes:purpose:)``. The caches are of no use then.
    func step(_ steps: [SequenceStep], depth: Int) throws(DeviceError) -> [SequenceOutput]
}
