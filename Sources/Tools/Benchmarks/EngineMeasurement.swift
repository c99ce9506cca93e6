import CPUDevice
import Devices
import Foundation
import Models
import Run

/// What the process has used so far.
enum ProcessUsage {
    /// Processor time of all threads, seconds.
    static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The most memory that this process has had, bytes; 0 where the system does not say.
    static var residentPeak: UInt64 {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return UInt64(line?.split(whereSeparator: { !$0.isNumber }).first ?? "0").map { $0 << 10 } ?? 0
    }
}

/// Measures one model.
struct EngineMeasurement {
    let model: LanguageModel
    let shape: BenchmarkModel
    let limits: MachineLimits
    let repetitions: Int
    private(set) var lines: Result<[EngineReport.Line], any Error> = .success([])

    init(model: LanguageModel, shape: BenchmarkModel, limits: MachineLimits, repetitions: Int) {
        self.model = model
        self.shape = shape
        self.limits = limits
        self.repetitions = repetitions
    }

    /// Operations a second that the arithmetic of this model could reach.
    private var peak: Double {
        // Products of bfloat16 can be had by either.
        shape.storage == .bfloat16 ? max(limits.bfloat16, limits.float32) : limits.float32
    }

    /// Reads prompts of `length` tokens together, and computes the first token of each answer.
    mutating func prefill(prompts: Int, length: Int) {
        let name = prompts == 1 ? "prefill \(length)" : "prefill \(prompts) × \(length)"
        let operations = shape.operations(tokens: prompts * length, length: length)
        add(name, tokens: prompts * length, limit: peak / operations * Double(prompts * length)) { model, random in
            let steps = try (0..<prompts).map { _ in
                SequenceStep(
                    cache: try model.makeCache(), tokens: random.tokens(length, of: model), head: .greedyToken)
            }
            return { _ = try model.step(steps) }
        }
    }

    /// Writes `tokens` tokens of each of some sequences together, each after a short prompt.
    mutating func decode(sequences: Int, tokens: Int) {
        let name = sequences == 1 ? "decode" : "decode × \(sequences)"
        // Every weight is read once a step, from memory where the third cache cannot hold them.
        let byMemory = limits.memory / Double(shape.weightBytes) * Double(sequences)
        let byArithmetic = peak / shape.operations(tokens: 1, length: 1)
        add(name, tokens: sequences * tokens, limit: min(byMemory, byArithmetic)) { model, random in
            let caches = try (0..<sequences).map { _ in try model.makeCache() }
            let first = zip(caches, (0..<sequences).map { _ in random.tokens(16, of: model) })
            var next = try model.step(first.map { SequenceStep(cache: $0, tokens: $1, head: .greedyToken) })
            return {
                for _ in 0..<tokens {
                    let steps = zip(caches, next).map {
                        SequenceStep(cache: $0, tokens: [$1.greedyToken ?? 0], head: .greedyToken)
                    }
                    next = try model.step(steps)
                }
            }
        }
    }

    /// `prepare` is not measured; what it returns is.
    private mutating func add(
        _ name: String, tokens: Int, limit: Double,
        _ prepare: (LanguageModel, inout NamedGenerator) throws -> () throws -> Void
    ) {
        guard case .success(let before) = lines else { return }
        lines = Result {
            var random = NamedGenerator(seed: 0, purpose: "benchmark")
            try prepare(model, &random)()
            var wall: [Double] = []
            var processor: [Double] = []
            for _ in 0..<repetitions {
                let work = try prepare(model, &random)
                let (start, used) = (ContinuousClock.now, ProcessUsage.processorSeconds)
                try work()
                processor.append(Double(tokens) / max(1e-9, ProcessUsage.processorSeconds - used))
                wall.append(Double(tokens) / ((ContinuousClock.now - start) / .seconds(1)))
            }
            wall.sort()
            let kernels = (model.device as? CPUDevice)?.kernels.name ?? model.device.kind.rawValue
            return before + [
                EngineReport.Line(
                    model: shape.name, weights: shape.storage.rawValue, kernels: kernels,
                    threads: limits.threads, test: name, tokensPerSecond: wall[wall.count / 2], lowest: wall[0],
                    highest: wall[wall.count - 1], tokensPerProcessorSecond: processor.max() ?? 0, limit: limit)
            ]
        }
    }
}

extension NamedGenerator {
    fileprivate mutating func tokens(_ count: Int, of model: LanguageModel) -> [Int32] {
        (0..<count).map { _ in Int32(index(below: model.configuration.vocabularySize)) }
    }
}
