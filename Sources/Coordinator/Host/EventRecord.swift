package import CoordinatorControl
package import Foundation
package import Run
import Storage

/// The file of ``RunControl``'s events, as `--record-events` writes it and `simulate --replay` reads it: JSON, an
/// object a line. First what the control began with; then its start and every event, with the time and a digest of
/// the effects that followed; at the end perhaps why it stops.
enum EventRecord {
    static let format = "control-events"
    static let version = 2

    struct Head: Codable {
        var format = EventRecord.format
        var version = EventRecord.version
        var software: String
        var beginning: RunControl.Beginning
    }

    struct Line: Codable {
        /// Nanoseconds on the coordinator's clock.
        var at: Int64?
        /// nil for the start.
        var event: RunControl.Event?
        /// The first 16 hexadecimal digits of SHA-256 of the effects as JSON.
        var effects: String?
        /// Why nothing follows.
        var end: String?
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    static func digest(of effects: [RunControl.Effect]) throws -> String {
        String(ContentHasher.digest(of: try encode(effects)).hex.prefix(16))
    }
}

/// Writes the record of a run's events while it goes on. What goes wrong with it does not disturb the run.
package final class EventRecorder {
    /// Bytes of a record; what would go beyond is not written, and the last line says so.
    package static let defaultLimit = 64 << 20

    private let path: String
    private let file: FileHandle
    private let limit: Int
    private var buffer = Data()
    private var byteCount = 0
    /// Why the record is not whole; nil as long as it is.
    package private(set) var flaw: String?

    private static let bufferBytes = 1 << 16

    /// Begins the record, in place of a file that is there.
    /// - Throws: ``HostError/unwritableRecord(path:cause:)``.
    package init(
        _ url: URL, beginning: RunControl.Beginning, software: String, limit: Int = EventRecorder.defaultLimit
    ) throws {
        path = url.path
        self.limit = limit
        do {
            try Data().write(to: url)
            file = try FileHandle(forWritingTo: url)
            append(try EventRecord.encode(EventRecord.Head(software: software, beginning: beginning)))
        } catch {
            throw HostError.unwritableRecord(path: url.path, cause: error.localizedDescription)
        }
    }

    /// Records an event, nil for the start, and what followed from it.
    package func note(_ event: RunControl.Event?, at now: Instant, _ effects: [RunControl.Effect]) {
        guard flaw == nil else { return }
        attempt {
            let line = EventRecord.Line(
                at: now.nanoseconds, event: event, effects: try EventRecord.digest(of: effects))
            let bytes = try EventRecord.encode(line)
            // The last line has to fit as well.
            guard byteCount + bytes.count + 200 <= limit else {
                let end = "the record has reached its limit of \(limit) bytes"
                append(try EventRecord.encode(EventRecord.Line(end: end)))
                flaw = end
                return
            }
            append(bytes)
            if buffer.count >= Self.bufferBytes { try flush() }
        }
    }

    /// Puts all of it on disk.
    package func finish() {
        attempt {
            try flush()
            try file.synchronize()
            try file.close()
        }
    }

    private func append(_ line: Data) {
        buffer.append(line)
        buffer.append(UInt8(ascii: "\n"))
        byteCount += line.count + 1
    }

    private func flush() throws {
        try file.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            flaw = "\(path): the record of events cannot be written: \(error.localizedDescription)"
        }
    }
}
