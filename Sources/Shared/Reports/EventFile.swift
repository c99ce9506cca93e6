import Foundation

/// TensorBoard's event file of scalars: TFRecords of `Event` messages (tensorflow/core/util/event.proto, lib/io/record_writer).
///
/// A record's time is its step, so that the same figures are the same bytes whenever they are written.
struct EventFile: Sendable {
    private var bytes = Data()

    init() { write(Event(step: 0, time: 0, fields: Event.text(3, "brain.Event:2"))) }

    /// A scalar of a curve.
    mutating func add(_ tag: String, step: Int, _ value: Double) {
        let scalar = Event.text(1, tag) + Event.float(2, Float(value))
        let summary = Event.message(1, scalar)
        write(Event(step: step, time: Double(step), fields: Event.message(5, summary)))
    }

    /// What was written since this was asked for last.
    mutating func takeBytes() -> Data {
        defer { bytes = Data() }
        return bytes
    }

    /// Length and its checksum, the event and its checksum.
    private mutating func write(_ event: Event) {
        let data = event.bytes
        let length = withUnsafeBytes(of: UInt64(data.count).littleEndian) { Data($0) }
        for part in [length, data] {
            bytes += part
            withUnsafeBytes(of: Checksum.masked(part).littleEndian) { bytes += Data($0) }
        }
    }
}

/// An `Event` in protobuf, as much of it as scalars take.
private struct Event {
    let bytes: Data

    init(step: Int, time: Double, fields: Data) {
        var bytes = Data([1 << 3 | 1])
        withUnsafeBytes(of: time.bitPattern.littleEndian) { bytes += Data($0) }
        bytes += Data([2 << 3 | 0]) + Self.variable(UInt64(step))
        self.bytes = bytes + fields
    }

    static func text(_ number: UInt8, _ text: String) -> Data { message(number, Data(text.utf8)) }

    static func message(_ number: UInt8, _ content: Data) -> Data {
        Data([number << 3 | 2]) + variable(UInt64(content.count)) + content
    }

    static func float(_ number: UInt8, _ value: Float) -> Data {
        Data([number << 3 | 5]) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    }

    private static func variable(_ value: UInt64) -> Data {
        var (bytes, rest) = (Data(), value)
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
        return bytes
    }
}

/// CRC-32C (Castagnoli), as TFRecords have it: turned, so that a checksum of what holds checksums is one too.
private enum Checksum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    static func masked(_ data: Data) -> UInt32 {
        let sum = ~data.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
        return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    }
}
