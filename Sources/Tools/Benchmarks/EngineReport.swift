import Foundation
import PlainText

/// The engine's figures on one machine.
struct EngineReport {
    struct Line: Encodable {
        var model: String
        /// How the weights are stored.
        var weights: String
        var kernels: String
        var threads: Int
        var test: String
        /// Median by the clock.
        var tokensPerSecond: Double
        var lowest: Double
        var highest: Double
        /// Best, over all threads' processor time together.
        var tokensPerProcessorSecond: Double
        /// Tokens a second at which the arithmetic or the memory of the machine would be used whole.
        var limit: Double

        enum CodingKeys: String, CodingKey {
            case model, weights, kernels, threads, test, lowest, highest, limit
            case tokensPerSecond = "tokens_per_second"
            case tokensPerProcessorSecond = "tokens_per_processor_second"
        }
    }

    let entry: BenchmarkHistory.Entry<[Line]>

    init(limits: MachineLimits, lines: [Line]) {
        entry = BenchmarkHistory.Entry(benchmark: "engine", limits: limits, lines: lines)
    }

    var markdown: String {
        let (context, limits, lines) = (entry.context, entry.limits, entry.lines)
        func giga(_ value: Double) -> String { Quantities.fixed(value * 1e-9, digits: 1) }
        var text = """
            \(context.processor), \(limits.threads) threads; commit \(context.commit), \(context.date), \
            load \(Quantities.fixed(context.load, digits: 1))
            limits: float32 \(giga(limits.float32)) GFLOP/s, bfloat16 \(giga(limits.bfloat16)) GFLOP/s, \
            memory \(giga(limits.memory)) GB/s

            | model | weights | kernels | test | tokens/s | lowest – highest | of the limit | per processor second |
            |---|---|---|---|---:|---:|---:|---:|

            """
        for line in lines {
            let digits = line.tokensPerSecond < 100 ? 2 : 0
            func rate(_ value: Double) -> String { Quantities.fixed(value, digits: digits) }
            let share = Quantities.fixed(100 * line.tokensPerSecond / line.limit, digits: 0)
            text +=
                "| \(line.model) | \(line.weights) | \(line.kernels) | \(line.test) | \(rate(line.tokensPerSecond)) | "
                + "\(rate(line.lowest)) – \(rate(line.highest)) | \(share) % | \(rate(line.tokensPerProcessorSecond)) |\n"
        }
        return text
    }

    func json() throws -> String { try BenchmarkHistory.text(of: entry) }

    /// Appends the figures as one line.
    func append(to path: String) throws { try BenchmarkHistory.append(entry, to: path) }
}
