/// A field of a protobuf message, written here without protobuf-c: an independent view of what goes over the wire.
struct HeaderField: Sendable {
    enum Value: Sendable {
        case integer(UInt64)
        case double(Double)
        case bytes([UInt8])
        case packed([UInt64])
        case message([HeaderField])
    }

    enum Presence: Sendable {
        case required
        case optional
        /// One of several, of which one is required.
        case choice
        /// Without it another field does not fit any more, and is named in its place.
        case referred
    }

    var number: Int
    /// As errors name it.
    var name: String
    var value: Value
    var presence: Presence

    static func integer(_ number: Int, _ name: String, _ value: Int, _ presence: Presence = .required) -> Self {
        Self(number: number, name: name, value: .integer(UInt64(bitPattern: Int64(value))), presence: presence)
    }

    static func double(_ number: Int, _ name: String, _ value: Double, _ presence: Presence = .required) -> Self {
        Self(number: number, name: name, value: .double(value), presence: presence)
    }

    static func text(_ number: Int, _ name: String, _ value: String, _ presence: Presence = .required) -> Self {
        Self(number: number, name: name, value: .bytes(Array(value.utf8)), presence: presence)
    }

    static func bytes(
        _ number: Int, _ name: String, _ value: [UInt8], _ presence: Presence = .required
    ) -> Self {
        Self(number: number, name: name, value: .bytes(value), presence: presence)
    }

    static func packed(
        _ number: Int, _ name: String, _ values: [Int], _ presence: Presence = .optional
    ) -> Self {
        let values = values.map { UInt64(bitPattern: Int64($0)) }
        return Self(number: number, name: name, value: .packed(values), presence: presence)
    }

    static func message(_ number: Int, _ name: String, _ fields: [HeaderField]) -> Self {
        message(number, name, .required, fields)
    }

    static func message(_ number: Int, _ name: String, _ presence: Presence, _ fields: [HeaderField]) -> Self {
        Self(number: number, name: name, value: .message(fields), presence: presence)
    }

    static func matrix(
        _ number: Int, _ name: String, _ rows: Int, _ columns: Int, _ presence: Presence = .required
    ) -> Self {
        message(number, name, presence, [integer(1, "rows", rows), integer(2, "columns", columns)])
    }

    var encoded: [UInt8] {
        switch value {
        case .integer(let value): tag(0) + varint(value)
        case .double(let value): tag(1) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
        case .bytes(let bytes): tag(2) + varint(UInt64(bytes.count)) + bytes
        case .packed(let values):
            values.isEmpty ? [] : HeaderField.bytes(number, name, values.flatMap { varint($0) }).encoded
        case .message(let fields): HeaderField.bytes(number, name, fields.encoded).encoded
        }
    }

    private func tag(_ wireType: UInt64) -> [UInt8] {
        varint(UInt64(number) << 3 | wireType)
    }

    private func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

extension [HeaderField] {
    var encoded: [UInt8] { flatMap(\.encoded) }

    /// The same fields without one: for each field at each depth, its path, its presence, and what is left.
    func withoutOne(_ path: [String] = []) -> [(path: [String], presence: HeaderField.Presence, rest: [HeaderField])] {
        indices.flatMap { index -> [(path: [String], presence: HeaderField.Presence, rest: [HeaderField])] in
            let field = self[index]
            var rest = self
            rest.remove(at: index)
            var found = [(path: path + [field.name], presence: field.presence, rest: rest)]
            if case .message(let fields) = field.value {
                found += fields.withoutOne(path + [field.name]).map { inner in
                    var outer = self
                    outer[index].value = .message(inner.rest)
                    return (path: inner.path, presence: inner.presence, rest: outer)
                }
            }
            return found
        }
    }
}
