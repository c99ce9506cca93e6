import CWireMessages
import Run

/// What protobuf-c writes for an optional field: whether it is there, and its value.
typealias Presence = protobuf_c_boolean

/// Builds one message to be sent: its protobuf-c structures and its tensor frames.
struct MessageWriter {
    private let arena: MessageArena
    private(set) var tensors: [FloatMatrix] = []

    /// Packs the structure that `build` returns.
    /// - Parameters:
    ///   - size: the generated function `wire__…__get_packed_size`.
    ///   - pack: the generated function `wire__…__pack`.
    static func encode<Message>(
        size: (UnsafePointer<Message>?) -> Int, pack: (UnsafePointer<Message>?, UnsafeMutablePointer<UInt8>?) -> Int,
        _ build: (inout MessageWriter) -> UnsafeMutablePointer<Message>
    ) -> EncodedMessage {
        let arena = MessageArena()
        defer { arena.free() }
        var writer = MessageWriter(arena: arena)
        let message = UnsafePointer(build(&writer))
        let byteCount = size(message)
        let header = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            count = pack(message, buffer.baseAddress)
        }
        return EncodedMessage(header: header, tensors: writer.tensors)
    }

    private init(arena: MessageArena) {
        self.arena = arena
    }

    /// An empty message, to be filled through the pointer.
    /// - Parameter initialize: the generated function `wire__…__init`.
    func new<Message>(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) -> UnsafeMutablePointer<Message> {
        let message = array(of: Message.self, count: 1)
        initialize(message)
        return message
    }

    /// A field that is there.
    func field<Value>(_ value: Value) -> (Presence, Value) {
        (1, value)
    }

    /// A field that may be absent.
    func field(_ value: Double?) -> (Presence, Double) {
        value.map { (1, $0) } ?? (0, 0)
    }

    func field(_ value: UInt64?) -> (Presence, UInt64) {
        value.map { (1, $0) } ?? (0, 0)
    }

    func field(_ value: Int) -> (Presence, Int64) {
        (1, Int64(value))
    }

    func field(_ value: Bool) -> (Presence, protobuf_c_boolean) {
        (1, value ? 1 : 0)
    }

    func field(_ text: String) -> (Presence, ProtobufCBinaryData) {
        (1, bytes(text))
    }

    func field(_ text: String?) -> (Presence, ProtobufCBinaryData) {
        text.map { (1, bytes($0)) } ?? (0, ProtobufCBinaryData())
    }

    /// A repeated field.
    func list<Element, Value>(
        _ elements: [Element], _ value: (Element) -> Value
    ) -> (Int, UnsafeMutablePointer<Value>?) {
        guard !elements.isEmpty else { return (0, nil) }
        let values = array(of: Value.self, count: elements.count)
        for (index, element) in elements.enumerated() {
            (values + index).initialize(to: value(element))
        }
        return (elements.count, values)
    }

    func list(_ texts: [String]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
        list(texts) { bytes($0) }
    }

    func list(_ numbers: [Int]) -> (Int, UnsafeMutablePointer<Int64>?) {
        list(numbers) { Int64($0) }
    }

    func list(_ leases: [LeaseID]) -> (Int, UnsafeMutablePointer<UInt64>?) {
        list(leases) { $0.value }
    }

    /// A repeated field of messages.
    func messages<Element, Message>(
        _ elements: [Element], _ message: (Element) -> UnsafeMutablePointer<Message>
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
        list(elements) { message($0) }
    }

    /// Describes `matrix` and makes it the next tensor frame.
    mutating func matrix(_ matrix: FloatMatrix) -> UnsafeMutablePointer<Wire__Matrix> {
        tensors.append(matrix)
        let header = new(wire__matrix__init)
        (header.pointee.has_rows, header.pointee.rows) = field(matrix.rows)
        (header.pointee.has_columns, header.pointee.columns) = field(matrix.columns)
        return header
    }

    /// Makes the numbers' bytes the next tensor frame. Frames are kept as float32, two of which hold a number's bits.
    mutating func numbers(_ numbers: [Double]) -> UnsafeMutablePointer<Wire__Numbers> {
        let halves = [Float](unsafeUninitializedCapacity: 2 * numbers.count) { buffer, count in
            numbers.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            count = 2 * numbers.count
        }
        tensors.append(FloatMatrix(rows: numbers.count, columns: 2, values: halves))
        let header = new(wire__numbers__init)
        (header.pointee.has_count, header.pointee.count) = field(numbers.count)
        return header
    }

    /// A matrix each, in their order.
    mutating func matrices(
        _ matrices: [FloatMatrix]
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Wire__Matrix>?>?) {
        var headers: [UnsafeMutablePointer<Wire__Matrix>?] = []
        for matrix in matrices { headers.append(self.matrix(matrix)) }
        return list(headers) { $0 }
    }

    /// A repeated field of messages that bring tensor frames.
    mutating func messages<Element, Message>(
        _ elements: [Element], _ message: (Element, inout MessageWriter) -> UnsafeMutablePointer<Message>
    ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
        var messages: [UnsafeMutablePointer<Message>?] = []
        for element in elements { messages.append(message(element, &self)) }
        return list(messages) { $0 }
    }

    private func bytes(_ text: String) -> ProtobufCBinaryData {
        var text = text
        return text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }

    /// A copy of the bytes.
    func bytes(_ source: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        let copy = array(of: UInt8.self, count: source.count)
        UnsafeMutableRawBufferPointer(start: copy, count: source.count).copyMemory(from: source)
        return ProtobufCBinaryData(len: source.count, data: copy)
    }

    private func array<Element>(of type: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
        // The arena has no budget here: what is sent is the program's own.
        arena.allocate(byteCount: count * MemoryLayout<Element>.stride)!.bindMemory(to: type, capacity: count)
    }
}
