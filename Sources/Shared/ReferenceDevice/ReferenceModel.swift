import Devices
import Locking
import ModelFolders
import Run

/// A model as the seam asks for it: sequence by sequence, token by token.
final class ReferenceModel: DeviceModel, @unchecked Sendable {  // `blockCount` is used under `lock` alone
    let computeType: ComputeType
    let rowLimit: Int
    private let transformer: Transformer
    private let lock = Lock()
    private var blockCount = 0

    init(_ transformer: Transformer, computeType: ComputeType, rowLimit: Int) {
        self.transformer = transformer
        self.computeType = computeType
        self.rowLimit = rowLimit
    }

    var configuration: ModelConfiguration { transformer.configuration }

    var blocksComputed: Int { lock.withLock { blockCount } }

    func makeCacheMemory(blockCount: Int, for use: KeyValueCache.Use) -> any CacheMemory {
        ReferenceCache(Array(repeating: History(), count: blockCount))
    }

    func step(_ steps: [SequenceStep], depth: Int) -> [SequenceOutput] {
        // Nothing is computed together here, but counted as if it were.
        let tokens = steps.reduce(0) { $0 + $1.tokens.count }
        lock.withLock { blockCount += (tokens + rowLimit - 1) / rowLimit * depth }
        return steps.map { step in
            guard let cache = step.cache.memory as? ReferenceCache else {
                preconditionFailure("a cache of another device")
            }
            return output(of: step, &cache.histories)
        }
    }

    private func output(of step: SequenceStep, _ histories: inout [History]) -> SequenceOutput {
        var output = SequenceOutput()
        output.activations = Array(repeating: [], count: step.readings.count)
        for (place, token) in step.tokens.enumerated() {
            let last = transformer.read(token, &histories) { site, stream in
                for (slot, wanted) in step.readings.enumerated()
                where wanted.blocks == site && step.readTokens.contains(place) {
                    output.activations[slot] += stream
                }
                for injection in step.injections where injection.site.blocks == site {
                    let written = step.tokens(writtenBy: injection)
                    guard written.contains(place) else { continue }
                    stream = injection.operation.combined(
                        stream, with: injection.vectors[place - written.lowerBound])
                }
            }
            guard step.headTokens.contains(place) else { continue }
            let (normed, logits) = transformer.logits(last)
            if step.readsFinalNorm { output.finalNorm = normed }
            switch step.head {
            case .none: break
            case .logits: output.logits = logits
            case .greedyToken: output.greedyToken = Int32(argmax(logits))
            case .logProbabilities(let followers):
                let softmax = softmaxSum(logits)
                output.logProbabilities.append(
                    followers[place - step.headTokens.lowerBound].map {
                        softmax.logProbability(ofLogit: logits[Int($0)])
                    })
            }
        }
        return output
    }
}

extension InjectionOperation {
    /// b where a was injected: the last coordinates that both have are combined, the others are b's.
    fileprivate func combined(_ b: Vector, with vector: Vector) -> Vector {
        let count = min(vector.count, b.count)
        let combined = zip(vector.suffix(count), b.suffix(count)).map { a, b in
            switch self {
            case .replace: a
            case .sum: b + a
            case .mean: (b + a) / 2
            }
        }
        return b.dropLast(count) + combined
    }
}

/// The keys and values of one sequence. Windows forget nothing here.
final class ReferenceCache: CacheMemory {
    /// Of each block that is covered.
    var histories: [History]

    init(_ histories: [History]) { self.histories = histories }

    var byteCount: Int {
        let values = histories.map { ($0.keys + $0.values).joined().reduce(0) { $0 + $1.count } }
        return values.reduce(0, +) * MemoryLayout<Float>.stride
    }

    func fork(keeping length: Int, for use: KeyValueCache.Use) -> any CacheMemory {
        ReferenceCache(
            histories.map { History(keys: Array($0.keys[..<length]), values: Array($0.values[..<length])) })
    }
}
