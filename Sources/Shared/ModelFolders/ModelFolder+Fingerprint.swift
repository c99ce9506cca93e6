import Foundation
package import Storage

extension ModelFolder {
    /// Files up to this size are hashed whole.
    package static let wholeFileBytes = 256 << 20
    private static let sampleCount = 64
    private static let sampleBytes = 1 << 20
    private static let headerLimit = 100_000_000

    /// A SHA-256 digest that tells models apart: over `config.json`, `tokenizer.json` (where there is one) and
    /// each weight file, each preceded by its name and size.
    ///
    /// A weight file of up to 256 MiB counts in full. Of a larger one the safetensors header counts in full, and of
    /// the rest 64 blocks of 1 MiB, evenly spaced from the first byte to the last: reading all of a large model
    /// would take as long as loading it. Two large files that differ nowhere in these blocks share a digest.
    /// - Parameter chatTemplate: what prompts are written into, where it has a part in what the model is asked.
    package func fingerprint(with chatTemplate: String? = nil) throws -> Digest {
        var hasher = ContentHasher()
        for file in [url.appendingPathComponent("config.json"), tokenizerFile] where BoundedFile.exists(file) {
            let data = try BoundedFile.read(file, limit: 256 << 20)
            Self.append(name: file.lastPathComponent, size: data.count, to: &hasher)
            hasher.update(data)
        }
        for file in weightFiles {
            let size = try BoundedFile.size(of: file)
            Self.append(name: file.lastPathComponent, size: size, to: &hasher)
            try Self.append(weights: file, size: size, wholeBytes: Self.wholeFileBytes, to: &hasher)
        }
        if let chatTemplate {
            Self.append(name: "chat template", size: chatTemplate.utf8.count, to: &hasher)
            hasher.update(chatTemplate)
        }
        return hasher.finish()
    }

    private static func append(name: String, size: Int, to hasher: inout ContentHasher) {
        hasher.update("\(name)\u{0}\(size)\u{0}")
    }

    static func append(weights file: URL, size: Int, wholeBytes: Int, to hasher: inout ContentHasher) throws {
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: file)
        } catch {
            throw ModelFolderError.unreadable(path: file.path, reason: "no access")
        }
        defer { try? handle.close() }

        func append(from offset: Int, count: Int) throws {
            var (offset, remaining) = (offset, count)
            while remaining > 0 {
                try handle.seek(toOffset: UInt64(offset))
                guard let data = try handle.read(upToCount: min(remaining, 4 << 20)), !data.isEmpty else {
                    throw ModelFolderError.unreadable(path: file.path, reason: "it became shorter while it was read")
                }
                hasher.update(data)
                offset += data.count
                remaining -= data.count
            }
        }

        guard size > wholeBytes else { return try append(from: 0, count: size) }
        let length = try handle.read(upToCount: 8).map { Array($0) } ?? []
        let header = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length.count == 8, header <= UInt64(headerLimit), Int(header) + 8 <= size else {
            throw ModelFolderError.malformed(
                path: file.path, reason: "not a safetensors file: its header length is wrong")
        }
        let start = 8 + Int(header)
        try append(from: 0, count: start)
        let block = min(sampleBytes, (size - start) / sampleCount)
        for sample in 0..<sampleCount {
            try append(from: start + (size - start - block) / (sampleCount - 1) * sample, count: block)
        }
        // The spacing is rounded down: the last block ends the file.
        try append(from: size - block, count: block)
    }
}
