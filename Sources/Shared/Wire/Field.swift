import CWireMessages
import Run

/// Reads fields of unpacked protobuf-c structures: whether they are there, and whether they hold what they may.
/// Errors name the field; see ``within(_:_:)`` for the path to it.
enum Field {
    /// Any value of the field's type.
    static func value<Value>(_ present: Presence, _ value: Value, _ name: String) throws(WireError) -> Value {
        guard present != 0 else { throw missing(name) }
        return value
    }

    static func number(
        _ present: Presence, _ value: Int64, _ name: String, in range: ClosedRange<Int> = 0...WireLimits.number
    ) throws(WireError) -> Int {
        guard present != 0 else { throw missing(name) }
        return try number(value, name, in: range)
    }

    static func lease(_ present: Presence, _ value: UInt64, _ name: String) throws(WireError) -> LeaseID {
        LeaseID(try Field.value(present, value, name))
    }

    static func flag(_ present: Presence, _ value: protobuf_c_boolean, _ name: String) throws(WireError) -> Bool {
        try Field.value(present, value, name) != 0
    }

    static func processID(_ present: Presence, _ value: Int32, _ name: String) throws(WireError) -> Int32 {
        guard present != 0 else { throw missing(name) }
        guard value >= 0 else {
            throw WireError(field: name, expected: "a process id of at least 0", found: "\(value)")
        }
        return value
    }

    static func finite(_ present: Presence, _ value: Double, _ name: String) throws(WireError) -> Double {
        guard present != 0 else { throw missing(name) }
        guard value.isFinite else { throw WireError(field: name, expected: "a finite number", found: "\(value)") }
        return value
    }

    /// A finite number of at least 0: seconds, or units a second.
    static func measure(_ present: Presence, _ value: Double, _ name: String) throws(WireError) -> Double {
        guard present != 0 else { throw missing(name) }
        guard value.isFinite, value >= 0 else {
            throw WireError(field: name, expected: "a finite number of at least 0", found: "\(value)")
        }
        return value
    }

    static func optionalMeasure(_ present: Presence, _ value: Double, _ name: String) throws(WireError) -> Double? {
        present == 0 ? nil : try measure(present, value, name)
    }

    /// A finite number above 0.
    static func interval(_ present: Presence, _ value: Double, _ name: String) throws(WireError) -> Double {
        let interval = try measure(present, value, name)
        guard interval > 0 else {
            throw WireError(field: name, expected: "a finite number above 0", found: "\(interval)")
        }
        return interval
    }

    static func text(_ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String) throws(WireError) -> String {
        guard present != 0 else { throw missing(name) }
        return try text(bytes, name)
    }

    /// A text of few bytes.
    static func name(_ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String) throws(WireError) -> String {
        guard present != 0 else { throw missing(name) }
        return try text(bytes, name, limit: MessageLimits.nameBytes)
    }

    /// A SHA-256 digest, as 64 lower-case hexadecimal digits.
    static func digest(_ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String) throws(WireError) -> String {
        let text = try Field.name(present, bytes, name)
        guard text.utf8.count == 64, text.utf8.allSatisfy(isHexadecimalDigit) else {
            throw WireError(
                field: name, expected: "64 hexadecimal digits", found: String(text.prefix(65)).debugDescription)
        }
        return text
    }

    private static func isHexadecimalDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// A stage's name: lower-case letters, digits, `-` and `_`.
    static func stage(_ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String) throws(WireError) -> Stage {
        let text = try Field.name(present, bytes, name)
        guard !text.isEmpty, text.utf8.allSatisfy(isNameByte) else {
            throw WireError(
                field: name, expected: "a name of letters, digits, '-' and '_'",
                found: String(text.prefix(40)).debugDescription)
        }
        return Stage(rawValue: text)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    static func optionalName(
        _ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String
    ) throws(WireError) -> String? {
        present == 0 ? nil : try Field.name(present, bytes, name)
    }

    static func optionalText(
        _ present: Presence, _ bytes: ProtobufCBinaryData, _ name: String
    ) throws(WireError) -> String? {
        present == 0 ? nil : try text(bytes, name)
    }

    /// An enumeration's case.
    static func choice<Choice: WireEnumeration>(
        _ present: Presence, _ value: Choice.Code, _ name: String
    ) throws(WireError) -> Choice {
        guard present != 0 else { throw missing(name) }
        guard let choice = Choice.allCases.first(where: { $0.code == value }) else {
            let known = Choice.allCases.map { "\($0.code.rawValue) (\($0.rawValue))" }.joined(separator: ", ")
            throw WireError(field: name, expected: "one of \(known)", found: "\(value.rawValue)")
        }
        return choice
    }

    /// A message.
    static func message<Message>(
        _ message: UnsafeMutablePointer<Message>?, _ name: String
    ) throws(WireError) -> Message {
        guard let message else { throw missing(name) }
        return message.pointee
    }

    /// A repeated field.
    static func list<Element, Value>(
        _ count: Int, _ elements: UnsafeMutablePointer<Element>?, _ name: String,
        _ value: (Element) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        guard count <= MessageLimits.elements else {
            throw WireError(field: name, expected: "at most \(MessageLimits.elements) elements", found: "\(count)")
        }
        guard count > 0, let elements else { return [] }
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in 0..<count {
            let element = elements[index]
            values.append(try within("\(name)[\(index)]") { () throws(WireError) in try value(element) })
        }
        return values
    }

    static func texts(
        _ count: Int, _ texts: UnsafeMutablePointer<ProtobufCBinaryData>?, _ name: String
    ) throws(WireError) -> [String] {
        try list(count, texts, name) { (bytes) throws(WireError) in try text(bytes, "") }
    }

    static func numbers(
        _ count: Int, _ numbers: UnsafeMutablePointer<Int64>?, _ name: String
    ) throws(WireError) -> [Int] {
        try list(count, numbers, name) { (value) throws(WireError) in try number(value, "") }
    }

    /// Token ids.
    static func tokens(
        _ count: Int, _ tokens: UnsafeMutablePointer<Int32>?, _ name: String
    ) throws(WireError) -> [Int32] {
        try list(count, tokens, name) { (token) throws(WireError) in
            guard token >= 0 else { throw WireError(expected: "a token id of at least 0", found: "\(token)") }
            return token
        }
    }

    static func leases(
        _ count: Int, _ leases: UnsafeMutablePointer<UInt64>?, _ name: String
    ) throws(WireError) -> [LeaseID] {
        try list(count, leases, name) { (value) throws(WireError) in LeaseID(value) }
    }

    /// A repeated field of messages.
    static func messages<Message, Value>(
        _ count: Int, _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ name: String,
        _ value: (Message) throws(WireError) -> Value
    ) throws(WireError) -> [Value] {
        try list(count, messages, name) { (element) throws(WireError) in try value(try message(element, "")) }
    }

    static func missing(_ name: String) -> WireError {
        WireError(field: name, expected: "a value", found: "none")
    }

    private static func number(
        _ value: Int64, _ name: String, in range: ClosedRange<Int> = 0...WireLimits.number
    ) throws(WireError) -> Int {
        guard let number = Int(exactly: value), range.contains(number) else {
            throw WireError(
                field: name, expected: "an integer from \(range.lowerBound) to \(range.upperBound)", found: "\(value)")
        }
        return number
    }

    private static func text(
        _ bytes: ProtobufCBinaryData, _ name: String, limit: Int = MessageLimits.textBytes
    ) throws(WireError) -> String {
        guard bytes.len <= limit else {
            throw WireError(field: name, expected: "a text of at most \(limit) bytes", found: "\(bytes.len)")
        }
        let utf8 = UnsafeBufferPointer(start: bytes.data, count: bytes.data == nil ? 0 : bytes.len)
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw WireError(field: name, expected: "UTF-8", found: "\(bytes.len) bytes that are not")
        }
        return text
    }
}
