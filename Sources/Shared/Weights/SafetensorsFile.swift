package import Foundation
import PlainText

/// A safetensors file, memory-mapped, with its header checked.
///
/// The bytes belong to the file on disk: it must not be shortened while it is mapped.
package final class SafetensorsFile: Sendable {
    package let url: URL
    package let header: SafetensorsHeader
    private let file: MappedFile
    private let indexOfName: [String: Int]

    /// Maps the file at `url` and checks its header: length, JSON, types, shapes, and that the tensors fill the
    /// file without gap or overlap.
    package init(_ url: URL) throws(WeightError) {
        self.url = url
        file = try MappedFile(path: url.path)
        header = try Self.header(of: file, path: url.path)
        var indexOfName: [String: Int] = [:]
        for (index, entry) in header.entries.enumerated() {
            // The header's names differ as bytes; canonically equivalent ones would still share a key here.
            guard indexOfName.updateValue(index, forKey: entry.name) == nil else {
                throw .duplicate(tensor: RawEntry.shown(entry.name), first: url.path, second: url.path)
            }
        }
        self.indexOfName = indexOfName
    }

    private static func header(of file: MappedFile, path: String) throws(WeightError) -> SafetensorsHeader {
        do {
            return try SafetensorsHeader(file: file.bytes, path: path)
        } catch {
            guard let kind = ForeignFile(firstBytes: file.bytes.prefix(ForeignFile.signatureBytes)) else { throw error }
            throw .malformed(path: path, reason: kind.description(for: path))
        }
    }

    package var metadata: [String: String] { header.metadata }

    /// The names of the tensors, in the order of their bytes.
    package var names: [String] { header.entries.map(\.name) }

    /// The tensor `name`, or nil where the file has none.
    ///
    /// - Throws: ``WeightError/unsupportedType(path:tensor:found:)`` where it is not a floating-point type that
    ///   this program reads.
    package func tensor(_ name: String) throws(WeightError) -> StoredTensor? {
        guard let index = indexOfName[name] else { return nil }
        let entry = header.entries[index]
        guard let scalar = ScalarType(rawValue: entry.type) else {
            throw .unsupportedType(path: url.path, tensor: RawEntry.shown(name), found: entry.type)
        }
        return StoredTensor(file: self, name: name, scalar: scalar, shape: entry.shape, range: place(of: entry))
    }

    private func place(of entry: SafetensorsHeader.Entry) -> Range<Int> {
        header.dataStart + entry.bytes.lowerBound..<header.dataStart + entry.bytes.upperBound
    }

    fileprivate func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[range])
    }

    fileprivate var descriptor: Int32 { file.descriptor }

    fileprivate func release(_ range: Range<Int>) { file.release(range) }
}

/// A tensor in a mapped file.
package struct StoredTensor: Sendable {
    private let file: SafetensorsFile
    package let name: String
    package let scalar: ScalarType
    package let shape: [Int]
    private let range: Range<Int>

    fileprivate init(file: SafetensorsFile, name: String, scalar: ScalarType, shape: [Int], range: Range<Int>) {
        self.file = file
        self.name = name
        self.scalar = scalar
        self.shape = shape
        self.range = range
    }

    /// The file that holds it.
    package var path: String { file.url.path }

    /// Where the stored values lie: in a file that is open for reading while the tensor is there, from this byte on.
    package var place: (descriptor: Int32, offset: Int) { (file.descriptor, range.lowerBound) }

    /// The stored values, row-major, little-endian, at any alignment; valid during `body`.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(file) { () throws(Failure) in try body(file.bytes(range)) }
    }

    /// The values widened to float32, which is exact, in row-major order.
    ///
    /// - Throws: ``WeightError/notFinite(path:tensor:index:)``
    package func floats() throws(WeightError) -> [Float] {
        let values = withBytes { scalar.widened($0) }
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(path: path, tensor: RawEntry.shown(name), index: index)
        }
        return values
    }

    /// Lets the system take back the memory that holds the tensor's pages, once it has been copied elsewhere.
    package func releasePages() { file.release(range) }
}
