import CCUDAKernels
import Devices
import ModelFolders
import Run

/// A model in a device's memory: its weights, the pages of its caches, and the run state of a pass.
final class CUDAModel: DeviceModel, @unchecked Sendable {  // `pass` is used while the device is used alone
    let configuration: ModelConfiguration
    let computeType: ComputeType
    let rowLimit: Int
    let pool: PagePool
    private let context: CUDAContext
    private let pass: CUDAForwardPass

    init(_ pass: CUDAForwardPass, computeType: ComputeType, rowLimit: Int, _ context: CUDAContext) {
        configuration = pass.configuration
        self.computeType = computeType
        self.rowLimit = rowLimit
        self.context = context
        self.pass = pass
        pool = PagePool(PageShape(configuration), context)
    }

    /// Blocks are counted when a pass is launched.
    var blocksComputed: Int { (try? context.use { () throws(DeviceError) in pass.blocksComputed }) ?? 0 }

    func makeCacheMemory(blockCount: Int, for use: KeyValueCache.Use) -> any CacheMemory { PagedCache(pool) }

    func step(_ steps: [SequenceStep], depth: Int) throws(DeviceError) -> [SequenceOutput] {
        let caches = steps.map { step in
            guard let cache = step.cache.memory as? PagedCache else { preconditionFailure("a cache of another device") }
            return cache
        }
        return try context.use { () throws(DeviceError) in
            var outputs = [SequenceOutput](repeating: SequenceOutput(), count: steps.count)
            for parts in PassRows.passes(tokenCounts: steps.map(\.tokens.count), rowLimit: rowLimit) {
                for part in parts {
                    try caches[part.step].reserve(steps[part.step].cache.length + part.tokens.upperBound)
                }
                try pass.run(parts, of: steps, caches, depth: depth, outputs: &outputs)
            }
            return outputs
        }
    }
}
