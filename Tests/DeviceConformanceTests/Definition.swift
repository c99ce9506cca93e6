import Devices
import Foundation
import Models
import Run

/// What the reference device computes, once for all the tests that ask for it.
enum Definition {
    private static let known = Remembered<String, [SequenceOutput]>()

    /// Of the model's prompts, each read alone and in one piece, as the kind of `tested` computes them.
    static func outputs(
        _ model: TestedModel, _ type: ComputeType, _ prompts: [[Int32]], on tested: TestedDevice
    ) throws -> [SequenceOutput] {
        try remembered("\(model.folder.path) \(prompts)", type, on: tested) {
            let reference = try model.load(on: tested.definition, type)
            return try prompts.map { try reference.step([reference.everything($0)])[0] }
        }
    }

    /// What does not depend on the kind of device is computed once.
    static func remembered(
        _ name: String, _ type: ComputeType, on tested: TestedDevice, _ compute: () throws -> [SequenceOutput]
    ) throws -> [SequenceOutput] {
        try known.value("\(name) \(type) \(type == .float32 ? "" : tested.sums.rawValue)", compute)
    }
}

extension SequenceOutput {
    /// All values' bits: what "the same" means here, the sign of zero included.
    var bits: [Data] {
        (activations + [finalNorm, logits]).map { values in values.withUnsafeBytes { Data($0) } }
            + logProbabilities.map { values in values.withUnsafeBytes { Data($0) } }
    }
}

/// Values that were computed once.
final class Remembered<Key: Hashable, Value>: @unchecked Sendable {  // `values` are used under `lock` alone
    private let lock = NSLock()
    private var values: [Key: Value] = [:]

    func value(_ key: Key, _ compute: () throws -> Value) rethrows -> Value {
        if let known = lock.withLock({ values[key] }) { return known }
        // Two tests may compute the same at the same time: the first one's is kept.
        let value = try compute()
        return lock.withLock {
            if let known = values[key] { return known }
            values[key] = value
            return value
        }
    }
}
