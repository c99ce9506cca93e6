import Devices
import ModelFolders
import Run

/// A model in this process's memory: its weights, packed, and the run state of a pass.
final class CPUModel: DeviceModel, @unchecked Sendable {  // `pass` is used under the device's lock alone
    let configuration: ModelConfiguration
    let computeType: ComputeType
    let rowLimit: Int
    private let device: CPUDevice
    private let pass: ForwardPass
    private let cacheShape: CPUCache.Shape

    init(
        _ configuration: ModelConfiguration, computeType: ComputeType, rowLimit: Int, pass: ForwardPass,
        device: CPUDevice
    ) {
        self.configuration = configuration
        self.computeType = computeType
        self.rowLimit = rowLimit
        self.device = device
        self.pass = pass
        cacheShape = CPUCache.Shape(configuration, passRows: rowLimit)
    }

    var blocksComputed: Int { device.withOperations { _ in pass.blocksComputed } }

    func makeCacheMemory(blockCount: Int, for use: KeyValueCache.Use) throws(DeviceError) -> any CacheMemory {
        var shape = cacheShape
        shape.blockCount = blockCount
        return CPUCache(shape, use)
    }

    func step(_ steps: [SequenceStep], depth: Int) throws(DeviceError) -> [SequenceOutput] {
        let caches = steps.map { step in
            guard let cache = step.cache.memory as? CPUCache else { preconditionFailure("a cache of another device") }
            return cache
        }
        return try device.withOperations { _ throws(DeviceError) in
            var outputs = [SequenceOutput](repeating: SequenceOutput(), count: steps.count)
            for rows in PassRows.passes(tokenCounts: steps.map(\.tokens.count), rowLimit: rowLimit) {
                for part in rows {
                    let step = steps[part.step]
                    try caches[part.step].reserve(
                        part.tokens.count, after: step.cache.length + part.tokens.lowerBound,
                        before: step.tokens.count - part.tokens.upperBound)
                }
                try pass.run(rows, of: steps, caches, depth: depth, outputs: &outputs)
            }
            return outputs
        }
    }
}
