import ArgumentParser
import Backends
import Console
import Devices
import Foundation
import ModelFolders
import Models
import PlainText
import Run

/// How long a model takes to be ready, beside the time that its file takes to be read into memory.
struct LoadingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loading", abstract: "Loads a model, and reads its file into fresh memory, in turn.",
        discussion: """
            The model has Llama 3.2 1B's shape (2.5 GB, bfloat16), and its file is in the page cache. Reading is what no \
            loader can do without: the bytes from the file into memory that the process did not have before, by as many \
            threads. Appends one line to Benchmarks/history.jsonl.
            """)

    @Option(help: ArgumentHelp("Rounds, after one to warm up.", valueName: "n"))
    var rounds = 7

    @Option(help: ArgumentHelp("Threads (default: all cores).", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("Folder for the model, kept (default: a temporary one).", valueName: "dir"))
    var folder: String?

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    private struct Figures: Encodable {
        var test: String
        var seconds: Double
        var lowest: Double
        var highest: Double

        init(_ test: String, _ seconds: [Double]) {
            let sorted = seconds.sorted()
            self.test = test
            self.seconds = sorted[sorted.count / 2]
            lowest = sorted[0]
            highest = sorted[sorted.count - 1]
        }
    }

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds: expected 1 to 1000") }
        do {
            try Backends.check(request)
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private var request: DeviceRequest { DeviceRequest(device: "cpu", threads: threads) }

    func run() throws {
        let place =
            folder.map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.temporaryDirectory.appendingPathComponent("benchmarks-\(UUID().uuidString)")
        defer { if folder == nil { try? FileManager.default.removeItem(at: place) } }
        let model = try BenchmarkModel.m.folder(in: place)
        let device = try Backends.open(request)
        var (reading, loading): ([Double], [Double]) = ([], [])
        for _ in 0...rounds {
            reading.append(
                try Self.seconds { try Self.read(model.appendingPathComponent("model.safetensors"), device) })
            loading.append(
                try Self.seconds {
                    _ = try LanguageModel.load(ModelFolder(path: model.path), on: device, computeType: .bfloat16)
                })
        }
        let lines = [Figures("reading", Array(reading[1...])), Figures("loading", Array(loading[1...]))]
        var table = Table([
            .init(""), .init("seconds", .trailing), .init("lowest – highest", .trailing), .init("ratio", .trailing),
        ])
        for line in lines {
            table.add([
                line.test, Quantities.fixed(line.seconds, digits: 3),
                "\(Quantities.fixed(line.lowest, digits: 3)) – \(Quantities.fixed(line.highest, digits: 3))",
                Quantities.fixed(line.seconds / lines[0].seconds, digits: 2),
            ])
        }
        Terminal.output.writeLine(table.text)
        try BenchmarkHistory.append(lines, of: "loading", to: history)
    }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let began = ContinuousClock.now
        try body()
        return (ContinuousClock.now - began) / .seconds(1)
    }

    /// Reads a file into memory of its own, by the device's number of threads.
    private static func read(_ file: URL, _ device: any Device) throws {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let memory = try HostMemory(byteCount: size, purpose: "the file")
        let share = (size + device.threads - 1) / device.threads
        nonisolated(unsafe) let base = memory.base
        withExtendedLifetime(memory) {
            DispatchQueue.concurrentPerform(iterations: device.threads) { thread in
                var offset = thread * share
                let end = min(offset + share, size)
                while offset < end {
                    let count = pread(descriptor, base + offset, min(8 << 20, end - offset), off_t(offset))
                    precondition(count > 0, "\(file.path) cannot be read")
                    offset += count
                }
            }
        }
    }
}
