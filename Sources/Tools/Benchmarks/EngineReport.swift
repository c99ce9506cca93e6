import Foundation
import PlainText
import Run

/// The engine's figures on one machine.
struct EngineReport: Encodable {
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

    let date = ISO8601DateFormatter().string(from: Date())
    let commit = Self.output(of: "git", ["rev-parse", "--short", "HEAD"]) ?? "unknown"
    let version = productVersion
    let processor = Self.processorName
    /// Processes that wanted a core when the measurement ended, over the last minute: the company it had.
    let load = Self.loadAverage
    let limits: MachineLimits
    let lines: [Line]

    init(limits: MachineLimits, lines: [Line]) {
        self.limits = limits
        self.lines = lines
    }

    enum CodingKeys: String, CodingKey {
        case date, commit, version, processor, load, limits, lines
    }

    var markdown: String {
        func giga(_ value: Double) -> String { Quantities.fixed(value * 1e-9, digits: 1) }
        var text = """
            \(processor), \(limits.threads) threads; commit \(commit), \(date), load \(Quantities.fixed(load, digits: 1))
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

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Appends the figures as one line.
    func append(to file: URL) throws {
        let folder = file.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let line = Data((try json() + "\n").utf8)
        if !FileManager.default.fileExists(atPath: file.path) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: line)
    }

    private static var processorName: String {
        let lines = FileManager.default.contents(atPath: "/proc/cpuinfo").map {
            String(decoding: $0, as: UTF8.self).split(separator: "\n")
        }
        let name = lines?.first { $0.hasPrefix("model name") }?.split(separator: ":").dropFirst().first
        return name?.trimmingCharacters(in: .whitespaces) ?? "unknown processor"
    }

    private static var loadAverage: Double {
        let text = FileManager.default.contents(atPath: "/proc/loadavg").map { String(decoding: $0, as: UTF8.self) }
        return text?.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }

    private static func output(of program: String, _ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return process.terminationStatus == 0 && !text.isEmpty ? text : nil
    }
}
