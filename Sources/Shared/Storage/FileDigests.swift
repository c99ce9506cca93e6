package import Foundation

/// SHA-256 of whole files, each file read once: what it came to is kept in a folder of the user's under the file's
/// path, size, times and inode, so that a file of which any of these has changed is read again.
///
/// The folder is `activation-communication/digests` in the user's cache (`XDG_CACHE_HOME`, else `~/.cache`), a small
/// file for each large one. It may be removed at any time; where it cannot be written, files are read every time.
package struct FileDigests: Sendable {
    /// nil keeps nothing.
    private let folder: URL?
    private let minimumBytes: UInt64

    /// Smaller files are read faster than asked after.
    private static let minimumBytes: UInt64 = 1 << 20
    /// Kept digests at most; the whole folder is emptied beyond.
    private static let entries = 4096

    /// - Parameters:
    ///   - folder: where digests are kept; nil keeps none.
    ///   - minimumBytes: files of fewer are read every time.
    package init(folder: URL?, minimumBytes: UInt64 = FileDigests.minimumBytes) {
        self.folder = folder
        self.minimumBytes = minimumBytes
    }

    /// Those of this user.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func absolute(_ variable: String) -> URL? {
            environment[variable].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0, isDirectory: true) : nil }
        }
        let cache = absolute("XDG_CACHE_HOME") ?? absolute("HOME")?.appendingPathComponent(".cache")
        self.init(folder: cache?.appendingPathComponent("activation-communication/digests"))
    }

    /// The digest of the whole file at `url`.
    /// - Throws: ``StorageError``, which names the file; ``StorageError/changed(path:)`` where it was written to
    ///   meanwhile.
    package func digest(ofFileAt url: URL) throws(StorageError) -> Digest {
        let file = try OpenFile(path: url.path, flags: O_RDONLY)
        let identity = try file.identity()
        let entry = entry(for: identity, of: url)
        if let entry, let kept = Self.kept(entry) { return kept }
        let digest = try Self.digest(of: file, bytes: identity.bytes)
        guard try file.identity() == identity else { throw .changed(path: url.path) }
        if let entry, identity.isSettled(at: Date()) { keep(digest, as: entry) }
        return digest
    }

    /// The digests of several files, in their order, as many at a time as there are cores.
    package func digests(ofFilesAt urls: [URL]) throws(StorageError) -> [Digest] {
        let found = Background.map(urls) { url in Result { () throws(StorageError) in try digest(ofFileAt: url) } }
        var digests: [Digest] = []
        for result in found { digests.append(try result.get()) }
        return digests
    }

    private static func digest(of file: borrowing OpenFile, bytes: UInt64) throws(StorageError) -> Digest {
        var hasher = ContentHasher()
        var offset: UInt64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while offset < bytes {
            let wanted = Int(min(bytes - offset, UInt64(buffer.count)))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(wanted))
            let count = try file.read(into: part, at: offset)
            guard count == wanted else { throw .changed(path: file.path) }
            hasher.update(UnsafeRawBufferPointer(part))
            offset += UInt64(count)
        }
        return hasher.finish()
    }

    // MARK: What is kept

    /// Where the digest is kept; nil where it is not.
    private func entry(for identity: FileIdentity, of url: URL) -> URL? {
        guard let folder, identity.bytes >= minimumBytes else { return nil }
        let path = url.resolvingSymlinksInPath().path
        let key = [
            String(identity.bytes), String(identity.inode), String(identity.modified), String(identity.changed), path,
        ].joined(separator: "\u{0}")
        return folder.appendingPathComponent(ContentHasher.digest(of: key).hex)
    }

    private static func kept(_ entry: URL) -> Digest? {
        guard let file = try? OpenFile(path: entry.path, flags: O_RDONLY),
            (try? file.size()) == UInt64(2 * Digest.byteCount)
        else { return nil }
        var text = [UInt8](repeating: 0, count: 2 * Digest.byteCount)
        let count = text.withUnsafeMutableBytes { buffer in (try? file.read(into: buffer, at: 0)) ?? 0 }
        return count == text.count ? Digest(hex: String(decoding: text, as: UTF8.self)) : nil
    }

    /// What cannot be kept is computed again.
    private func keep(_ digest: Digest, as entry: URL) {
        guard let folder else { return }
        let manager = FileManager.default
        try? manager.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if let names = try? manager.contentsOfDirectory(atPath: folder.path), names.count >= Self.entries {
            for name in names { try? manager.removeItem(at: folder.appendingPathComponent(name)) }
        }
        try? AtomicFile.write(Data(digest.hex.utf8), to: entry)
    }
}
