import Foundation

/// A decoder under test: whatever bytes it is given, it reads them or refuses them with an error of one line.
package struct FuzzedDecoder {
    package let name: String
    package let mutator: Mutator
    /// Reads the bytes and uses what was read, as the product does; throws where they are refused.
    package let decode: ([UInt8]) throws -> Void

    init(_ name: String, _ mutator: Mutator, decode: @escaping ([UInt8]) throws -> Void) {
        self.name = name
        self.mutator = mutator
        self.decode = decode
    }

    /// What became of inputs.
    package struct Tally: Equatable, Sendable {
        package var inputs = 0
        package var read = 0
        /// The longest time that an input took.
        package var slowestSeconds = 0.0
        package var slowestInput = 0
        /// Errors of more than one line or of more than 4,096 bytes.
        package var badErrors: [String] = []

        package init() {}

        /// Counts those of another batch in.
        package mutating func add(_ other: Tally) {
            inputs += other.inputs
            read += other.read
            badErrors += other.badErrors.prefix(10)
            if other.slowestSeconds > slowestSeconds {
                slowestSeconds = other.slowestSeconds
                slowestInput = other.slowestInput
            }
        }
    }

    /// Tries the inputs with these numbers.
    package func run(_ numbers: Range<Int>, seed: UInt64, before: (Int) -> Void = { _ in }) -> Tally {
        var tally = Tally()
        for number in numbers {
            before(number)
            let input = mutator.input(number, of: name, seed: seed)
            let began = ContinuousClock.now
            do {
                try decode(input)
                tally.read += 1
            } catch {
                let text = "\(error)"
                if text.contains("\n") || text.utf8.count > 4096 {
                    tally.badErrors.append("\(name) \(number): \(text.prefix(200))")
                }
            }
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            if seconds > tally.slowestSeconds {
                tally.slowestSeconds = seconds
                tally.slowestInput = number
            }
            tally.inputs += 1
        }
        return tally
    }
}

/// A folder for decoders that read files; in memory where the system has such a place.
final class ScratchFiles: @unchecked Sendable {
    let folder: URL

    init() throws {
        let memory = URL(fileURLWithPath: "/dev/shm", isDirectory: true)
        let parent =
            FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
        folder = parent.appendingPathComponent("fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Writes a file of that name and returns where it is.
    func write(_ bytes: [UInt8], _ name: String) throws -> URL {
        let url = folder.appendingPathComponent(name)
        // A mapped file must not be shortened, so a new one takes its place.
        unlink(url.path)
        guard let file = fopen(url.path, "w") else { throw CocoaError(.fileWriteUnknown) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw CocoaError(.fileWriteOutOfSpace) }
        return url
    }
}
