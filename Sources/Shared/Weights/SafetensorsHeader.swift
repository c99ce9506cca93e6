import JSON
import PlainText

/// The header of a safetensors file: JSON that gives each tensor's element type, shape and place.
///
/// Format: https://github.com/huggingface/safetensors, "Format". The file is the header's length (8 bytes,
/// little-endian), the header, and the tensors' bytes one after the other, without gaps.
package struct SafetensorsHeader: Sendable, Equatable {
    /// A tensor as the header describes it.
    package struct Entry: Sendable, Equatable {
        package let name: String
        /// The element type's name, such as `F32`.
        package let type: String
        package let shape: [Int]
        /// Where its bytes lie, counted from the end of the header.
        package let bytes: Range<Int>
    }

    /// A larger header is refused; the reference implementation has the same limit.
    package static let maximumBytes = 100_000_000
    private static let maximumDimensions = 16

    /// In the order of their bytes in the file.
    package let entries: [Entry]
    package let metadata: [String: String]
    /// Where the tensors' bytes begin in the file.
    package let dataStart: Int

    /// Bits of an element of each type that the format knows.
    private static let bitsOfType = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
        "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64,
    ]

    /// Reads the header at the start of `file` and checks it against the file's length.
    init(file: UnsafeRawBufferPointer, path: String) throws(WeightError) {
        guard file.count >= 8 else {
            throw .malformed(path: path, reason: "\(file.count) bytes, shorter than the header's length")
        }
        let length = file.loadUnaligned(as: UInt64.self).littleEndian
        guard length <= UInt64(Self.maximumBytes) else {
            throw .malformed(
                path: path, reason: "a header of \(length) bytes is announced; the limit is \(Self.maximumBytes)")
        }
        guard Int(length) <= file.count - 8 else {
            throw .malformed(
                path: path, reason: "a header of \(length) bytes is announced, the file has \(file.count - 8) more")
        }
        dataStart = 8 + Int(length)
        let raw: (entries: [RawEntry], metadata: [String: String])
        do throws(JSONError) {
            var parser = try HeaderParser(file: path, bytes: Array(file[8..<dataStart]))
            raw = try parser.parse()
        } catch {
            throw .malformed(path: path, reason: "header: \(error.placedCause)")
        }
        metadata = raw.metadata
        var entries: [Entry] = []
        for entry in raw.entries { entries.append(try Self.check(entry, path: path)) }
        entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        try Self.checkPlaces(entries, dataBytes: file.count - dataStart, path: path)
        self.entries = entries
    }

    private static func check(_ raw: RawEntry, path: String) throws(WeightError) -> Entry {
        func invalid(_ reason: String) -> WeightError {
            .invalidTensor(path: path, tensor: raw.shownName, reason: reason)
        }
        guard let type = raw.type, let shape = raw.shape, let offsets = raw.offsets else {
            throw invalid("its header entry needs dtype, shape and data_offsets")
        }
        guard let bits = bitsOfType[type] else { throw invalid("unknown dtype \"\(type.prefix(20))\"") }
        guard shape.count <= maximumDimensions else { throw invalid("\(shape.count) dimensions") }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw invalid("data_offsets must be a begin and an end, found \(offsets.prefix(4))")
        }
        var expected = bits / 8
        for size in shape {
            let (product, overflow) = expected.multipliedReportingOverflow(by: size)
            guard !overflow else { throw invalid("shape \(shape) has too many elements") }
            expected = product
        }
        guard offsets[1] - offsets[0] == expected else {
            throw invalid(
                "shape \(shape) of \(type) takes \(expected) bytes, data_offsets hold \(offsets[1] - offsets[0])")
        }
        return Entry(name: raw.name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// The entries, sorted, must fill the data exactly: no gap, no overlap, nothing beyond the end.
    private static func checkPlaces(_ entries: [Entry], dataBytes: Int, path: String) throws(WeightError) {
        var end = 0
        for entry in entries {
            guard entry.bytes.lowerBound == end else {
                let what = entry.bytes.lowerBound < end ? "overlap another tensor's" : "leave a gap"
                throw .invalidTensor(
                    path: path, tensor: RawEntry.shown(entry.name),
                    reason: "its bytes start at \(entry.bytes.lowerBound) and \(what), \(end) was expected")
            }
            end = entry.bytes.upperBound
            guard end <= dataBytes else {
                throw .invalidTensor(
                    path: path, tensor: RawEntry.shown(entry.name),
                    reason: "its bytes end at \(end), the file has \(dataBytes): it is cut short")
            }
        }
        guard end == dataBytes else {
            throw .malformed(path: path, reason: "\(dataBytes - end) bytes after the last tensor")
        }
    }
}

/// A header entry as it stands in the JSON.
struct RawEntry {
    var name: String
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?

    var shownName: String { Self.shown(name) }

    /// A name as an error shows it: on one line, of bounded length.
    static func shown(_ name: String) -> String { PrintableText.quoted(name, limit: 200) }
}
