package import Foundation

extension ContentHasher {
    /// The digest of the whole file at `url`, read now. Throws ``StorageError``.
    package static func digest(ofFileAt url: URL) throws(StorageError) -> Digest {
        try FileDigests(folder: nil).digest(ofFileAt: url)
    }
}
