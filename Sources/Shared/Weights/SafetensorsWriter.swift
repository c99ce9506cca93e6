package import Foundation
import JSON
import Storage

/// Writes safetensors files: the same content gives the same bytes.
///
/// Tensors lie in the order given; metadata stands in front, sorted by key. The header is padded with spaces so
/// that the values start at a multiple of 8 bytes. The file takes its name only when it is complete and on disk.
package enum SafetensorsWriter {
    /// A tensor to write.
    package struct Tensor: Sendable {
        package enum Values: Sendable {
            case float32([Float])
            /// The upper halves of float32 values.
            case bfloat16([UInt16])

            /// Rounds `values` to bfloat16, to nearest, ties to even. Not-a-numbers stay so.
            package static func bfloat16(rounding values: [Float]) -> Values {
                .bfloat16(
                    values.map { value in
                        let bits = value.bitPattern
                        if value.isNaN { return UInt16(bits >> 16) | 0x40 }
                        return UInt16((bits + 0x7fff + (bits >> 16 & 1)) >> 16)
                    })
            }

            var type: String { if case .float32 = self { "F32" } else { "BF16" } }
            var count: Int {
                switch self {
                case .float32(let values): values.count
                case .bfloat16(let values): values.count
                }
            }
            var byteCount: Int {
                switch self {
                case .float32(let values): values.count * 4
                case .bfloat16(let values): values.count * 2
                }
            }
        }

        package let name: String
        package let shape: [Int]
        package let values: Values

        /// A tensor of `shape` whose values stand in row-major order.
        package init(name: String, shape: [Int], values: Values) {
            self.name = name
            self.shape = shape
            self.values = values
        }
    }

    /// Writes `tensors` and `metadata` to the file at `url`, in place of what is there.
    ///
    /// - Throws: ``WeightError/unwritable(tensor:reason:)`` where a shape contradicts its values or a name stands
    ///   twice; `StorageError`, naming the file, where writing fails.
    package static func write(_ tensors: [Tensor], metadata: [String: String] = [:], to url: URL) throws {
        try AtomicFile.write(to: url) { writer in try write(tensors, metadata: metadata) { try writer.write($0) } }
    }

    /// Hands the bytes of such a file to `piece`, one after the other.
    package static func write(
        _ tensors: [Tensor], metadata: [String: String] = [:], _ piece: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try header(of: tensors, metadata: metadata).withUnsafeBytes(piece)
        // Little-endian, as every machine is that Swift runs on.
        for tensor in tensors {
            switch tensor.values {
            case .float32(let values): try values.withUnsafeBytes(piece)
            case .bfloat16(let values): try values.withUnsafeBytes(piece)
            }
        }
    }

    /// The header's length and the header.
    private static func header(of tensors: [Tensor], metadata: [String: String]) throws(WeightError) -> Data {
        var fields: [JSONValue.Member] = []
        if !metadata.isEmpty {
            let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            let members = sorted.map { JSONValue.Member(name: $0.key, value: .string($0.value)) }
            fields.append(JSONValue.Member(name: "__metadata__", value: .object(members)))
        }
        var names = NameSet()
        _ = names.insert("__metadata__")
        var offset = 0
        for tensor in tensors {
            guard names.insert(tensor.name) else {
                throw .unwritable(tensor: tensor.name, reason: "the name is taken")
            }
            guard !tensor.shape.contains(where: { $0 < 0 }), tensor.shape.reduce(1, *) == tensor.values.count else {
                throw .unwritable(
                    tensor: tensor.name, reason: "shape \(tensor.shape) and \(tensor.values.count) values disagree")
            }
            let end = offset + tensor.values.byteCount
            let entry = JSONValue.members(
                ("dtype", .string(tensor.values.type)), ("shape", .array(tensor.shape.map(JSONValue.count))),
                ("data_offsets", .array([.count(offset), .count(end)])))
            fields.append(JSONValue.Member(name: tensor.name, value: entry))
            offset = end
        }
        var json = Array(JSONValue.object(fields).compact.utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        var data = Data()
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: json)
        return data
    }
}
