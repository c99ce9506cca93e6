import Foundation
import Processes
import Run

/// The file to which every benchmark appends a line: on which machine, at which commit, what.
enum BenchmarkHistory {
    static let standardFile = "Benchmarks/history.jsonl"

    /// What a line begins with, whatever was measured.
    struct Context: Encodable {
        let date = ISO8601DateFormatter().string(from: Date())
        let commit = BenchmarkHistory.output(of: "git", ["rev-parse", "--short", "HEAD"]) ?? "unknown"
        let version = productVersion
        let processor = BenchmarkHistory.processorName
        /// Processes that wanted a core, over the last minute: the company that the measurement had.
        let load = BenchmarkHistory.loadAverage
    }

    struct Entry<Lines: Encodable>: Encodable {
        let context = Context()
        let benchmark: String
        let limits: MachineLimits
        let lines: Lines

        enum CodingKeys: String, CodingKey {
            case benchmark, limits, lines
        }

        func encode(to encoder: any Encoder) throws {
            try context.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(benchmark, forKey: .benchmark)
            try container.encode(limits, forKey: .limits)
            try container.encode(lines, forKey: .lines)
        }
    }

    /// Appends the figures, with what the machine can do at best, as one line.
    /// - Parameter path: '-' for none.
    static func append(_ lines: some Encodable, of benchmark: String, to path: String) throws {
        guard path != "-" else { return }
        let limits = MachineLimits(threads: ProcessInfo.processInfo.activeProcessorCount)
        try append(Entry(benchmark: benchmark, limits: limits, lines: lines), to: path)
    }

    static func append(_ entry: Entry<some Encodable>, to path: String) throws {
        guard path != "-" else { return }
        let text = try text(of: entry)
        let file = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: path) { try Data().write(to: file) }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data((text + "\n").utf8))
    }

    static func text(of value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
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
        guard
            let process = try? ChildProcess(
                URL(fileURLWithPath: "/usr/bin/env"), [program] + arguments, output: .pipe, errors: nil)
        else { return nil }
        let data = (try? process.output?.readToEnd()) ?? Data()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return process.wait() == .exitCode(0) && !text.isEmpty ? text : nil
    }
}
