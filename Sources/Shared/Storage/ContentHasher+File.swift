package import Foundation

extension ContentHasher {
    /// The digest of the file at `url`, read piece by piece (1 MiB in memory). Throws ``StorageError``.
    package static func digest(ofFileAt url: URL) throws -> Digest {
        let file = try OpenFile(path: url.path, flags: O_RDONLY)
        var remaining = try file.size()
        var hasher = ContentHasher()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset: UInt64 = 0
        // A file that grows meanwhile is read up to the size it had, one that shrinks to its end.
        while remaining > 0 {
            let count = try buffer.withUnsafeMutableBytes { bytes in
                let wanted = Int(min(remaining, UInt64(bytes.count)))
                let part = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(wanted))
                let count = try file.read(into: part, at: offset)
                hasher.update(UnsafeRawBufferPointer(rebasing: part.prefix(count)))
                return count
            }
            if count == 0 { break }
            offset += UInt64(count)
            remaining -= UInt64(count)
        }
        return hasher.finish()
    }
}
