import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import PlainText
import Run
import Storage

/// How long a coordinator that goes on with a run takes to read the run's journal.
struct JournalBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal", abstract: "Reads a journal of extractions' results as a coordinator that starts does.")

    @Option(help: ArgumentHelp("Size of the journal.", valueName: "GiB"))
    var gibibytes = 2.0

    @Option(help: ArgumentHelp("Folder for it (default: a temporary one).", valueName: "dir"))
    var folder: String?

    private static let run = "benchmark"
    private static let textsPerUnit = 32

    func run() throws {
        let place =
            folder.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? FileManager.default.temporaryDirectory
        let scratch = place.appendingPathComponent("benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let (count, bytes) = try write(to: scratch)
        let began = ContinuousClock.now
        var read = 0
        _ = try Journal(folder: scratch) { entry in
            if case .result = try ResultRecord.change(entry.payload).change { read += 1 }
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        guard read == count else { throw BenchmarkFailure(description: "\(read) of \(count) records were read") }
        Terminal.output.writeLine(
            "\(Quantities.bytes(bytes)) in \(Quantities.count(count)) records, read in "
                + "\(Quantities.duration(seconds: seconds)): \(Quantities.bytes(UInt64(Double(bytes) / seconds)))/s")
    }

    /// - Returns: records, and bytes.
    private func write(to folder: URL) throws -> (Int, UInt64) {
        let journal = try Journal(folder: folder) { _ in }
        var count = 0
        while Double(journal.end) < gibibytes * 0x1p30 {
            let result = UnitResult.extract(
                ExtractResult(a: [Self.activations(3072, count)], b: [Self.activations(4096, count)]))
            try journal.append(Data(ResultRecord(run: Self.run, unit: UnitID(.extract, count), result: result).bytes))
            count += 1
        }
        try journal.commit()
        return (count, journal.end)
    }

    private static func activations(_ columns: Int, _ number: Int) -> FloatMatrix {
        let values = [Float](repeating: Float(number), count: textsPerUnit * columns)
        return FloatMatrix(rows: textsPerUnit, columns: columns, values: values)
    }
}
