package import CoordinatorControl
package import Foundation
import Run

/// Runs ``RunControl`` over a record of events again, and compares what follows with what followed then.
package struct EventReplay: Sendable {
    /// Events that had the same effects, the first one apart.
    package private(set) var eventCount = 0
    /// Where the record is not whole: why.
    package private(set) var remark: String?
    /// The first event that has other effects now; nil where all have the same.
    package private(set) var difference: Difference?

    package struct Difference: Sendable, CustomStringConvertible {
        /// Counted from 0.
        package var event: Int
        package var line: Int
        /// Seconds since the coordinator's start.
        package var seconds: Double
        package var what: String
        package var recorded: String
        package var found: [RunControl.Effect]

        package var description: String {
            "event \(event) (line \(line), \(seconds) s: \(what)): the record's effects are \(recorded), and now follow "
                + (found.isEmpty ? "none" : found.map { "\($0)" }.joined(separator: "; "))
        }
    }

    /// Reads the record at `url` up to the first difference.
    /// - Throws: ``HostError/unreadableRecord(path:line:cause:)``.
    package init(_ url: URL) throws {
        var lines = try Self.lines(of: url)
        func damaged(_ line: Int, _ cause: String) -> HostError {
            .unreadableRecord(path: url.path, line: line, cause: cause)
        }
        // A coordinator that was killed may have written half of a line.
        if let last = lines.popLast(), !last.isEmpty { remark = "its last line is cut off" }
        guard let first = lines.first, let head = try? JSONDecoder().decode(EventRecord.Head.self, from: first),
            head.format == EventRecord.format
        else { throw damaged(1, "expected the head of a record of events") }
        guard head.version == EventRecord.version else {
            throw damaged(1, "expected version \(EventRecord.version), found \(head.version)")
        }
        var control = RunControl(head.beginning)
        for (index, bytes) in lines.enumerated().dropFirst() {
            let line: EventRecord.Line
            do {
                line = try JSONDecoder().decode(EventRecord.Line.self, from: bytes)
            } catch {
                throw damaged(index + 1, "expected an event: \(error)")
            }
            if let end = line.end {
                remark = end
                return
            }
            guard let at = line.at, let recorded = line.effects else {
                throw damaged(index + 1, "expected an event with its time and effects")
            }
            let now = Instant(nanoseconds: at)
            let found = line.event.map { control.handle($0, at: now) } ?? control.start(at: now)
            guard try EventRecord.digest(of: found) == recorded else {
                difference = Difference(
                    event: index - 1, line: index + 1, seconds: now.seconds(since: head.beginning.now),
                    what: line.event.map { "\($0)" } ?? "the start", recorded: recorded, found: found)
                return
            }
            eventCount = index - 1
        }
    }

    /// The file's lines, the last of which is empty where the file is whole.
    private static func lines(of url: URL) throws -> [Data] {
        do {
            let size = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            guard size <= EventRecorder.defaultLimit else {
                throw HostError.unreadableRecord(
                    path: url.path, line: 1,
                    cause: "expected at most \(EventRecorder.defaultLimit) bytes, found \(size)")
            }
            return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        } catch let error as HostError {
            throw error
        } catch {
            throw HostError.unreadableRecord(path: url.path, line: 1, cause: error.localizedDescription)
        }
    }
}
