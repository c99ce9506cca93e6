package import Foundation
package import Run
import Storage
import Wire

/// A finished unit as the journal keeps it: the message that brought it, without its lease, so that the bytes
/// depend on the unit and its result alone.
///
/// Layout: number of frames (UInt64, little-endian), each frame's length (UInt64), then the frames.
package struct ResultRecord {
    package let unit: UnitID
    package let result: UnitResult
    /// SHA-256 of the record's bytes.
    let digest: String
    private let message: EncodedMessage

    /// - Parameter run: the run's digest.
    package init(run: String, unit: UnitID, result: UnitResult) {
        self.unit = unit
        self.result = result
        message = WireFormat.encode(.result(run: run, lease: LeaseID(0), unit: unit, result: result) as WorkerMessage)
        var hasher = ContentHasher()
        Self.withPieces(of: message) { pieces in
            for piece in pieces { hasher.update(piece) }
        }
        digest = hasher.finish().hex
    }

    /// The record's bytes, in pieces that are not copied together.
    private static func withPieces<Value>(
        of message: EncodedMessage, _ body: ([UnsafeRawBufferPointer]) throws -> Value
    ) rethrows -> Value {
        try message.withFrames { header, tensors in
            let frames = [header] + tensors
            let lengths = ([frames.count] + frames.map(\.count)).map { UInt64($0).littleEndian }
            return try lengths.withUnsafeBytes { try body([$0] + frames) }
        }
    }

    /// The record's bytes in one piece.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        Self.withPieces(of: message) { pieces in
            for piece in pieces { bytes += piece }
        }
        return bytes
    }

    @discardableResult
    func append(to journal: Journal) throws -> Journal.Position {
        try Self.withPieces(of: message) { try journal.append($0) }
    }

    /// What a record of the journal says.
    package enum Change {
        case result(ResultRecord)
        /// What was recorded of these units counts no more.
        case retraction([UnitID])
    }

    /// Reads a result that ``append(to:)`` wrote.
    /// - Throws: `WireError` or ``RecordError`` where the bytes are no such record.
    package static func decode(_ payload: Data) throws -> (run: String, record: ResultRecord) {
        guard case (let run, .result(let record)) = try change(payload) else { throw RecordError.notAResult }
        return (run, record)
    }

    /// Reads what ``append(to:)`` or ``retraction(of:run:)`` wrote.
    /// - Throws: `WireError` or ``RecordError`` where the bytes are no such record.
    package static func change(_ payload: Data) throws -> (run: String, change: Change) {
        try payload.withUnsafeBytes { bytes in
            let frames = try frames(in: bytes)
            if frames[0].isEmpty { return try retraction(frames.dropFirst()) }
            guard frames.count <= MessageLimits.frames else { throw RecordError.notAResult }
            let message = try WireFormat.decodeWorkerMessage(header: frames[0], tensors: Array(frames.dropFirst()))
            guard case .result(let run, _, let unit, let result) = message else { throw RecordError.notAResult }
            return (run, .result(ResultRecord(run: run, unit: unit, result: result)))
        }
    }

    /// The record that takes units' results back, all of them or none: an empty frame, then for each unit the message
    /// of one that cannot be done, with the run as its cause.
    package static func retraction(of units: [UnitID], run: String) -> Data {
        let messages = units.map {
            WireFormat.encode(.failure(lease: LeaseID(0), unit: $0, cause: run) as WorkerMessage)
        }
        var (head, body) = (Data(), Data())
        func append(_ number: Int) { withUnsafeBytes(of: UInt64(number).littleEndian) { head.append(contentsOf: $0) } }
        append(1 + messages.count)
        append(0)
        for message in messages {
            message.withFrames { header, _ in
                append(header.count)
                body.append(contentsOf: header)
            }
        }
        return head + body
    }

    private static func retraction(
        _ headers: ArraySlice<UnsafeRawBufferPointer>
    ) throws -> (run: String, change: Change) {
        var (run, units): (String?, [UnitID]) = (nil, [])
        for header in headers {
            let message = try WireFormat.decodeWorkerMessage(header: header, tensors: [])
            guard case .failure(_, let unit, let cause) = message, run == nil || run == cause else {
                throw RecordError.notAResult
            }
            run = cause
            units.append(unit)
        }
        guard let run else { throw RecordError.notAResult }
        return (run, .retraction(units))
    }

    private static func frames(in bytes: UnsafeRawBufferPointer) throws(RecordError) -> [UnsafeRawBufferPointer] {
        func number(_ index: Int) throws(RecordError) -> Int {
            guard 8 * (index + 1) <= bytes.count else { throw .truncated }
            let number = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
            guard number <= UInt64(bytes.count) else { throw .truncated }
            return Int(number)
        }
        let count = try number(0)
        guard count >= 1, count < bytes.count / 8 else { throw .truncated }
        var offset = 8 * (count + 1)
        var frames: [UnsafeRawBufferPointer] = []
        for index in 1...count {
            let length = try number(index)
            guard length <= bytes.count - offset else { throw .truncated }
            frames.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
            offset += length
        }
        return frames
    }

    enum RecordError: Error, CustomStringConvertible {
        case truncated
        case notAResult

        var description: String {
            switch self {
            case .truncated: "a record is shorter than it says"
            case .notAResult: "a record holds no result"
            }
        }
    }
}
