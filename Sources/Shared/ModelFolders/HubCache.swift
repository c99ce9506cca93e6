package import Foundation

/// The folder in which Hugging Face's own tools keep what they downloaded. It is read, never written, and nothing is
/// fetched.
///
///     models--meta-llama--Llama-3.2-1B/refs/main            the commit that "main" was when it was downloaded
///     models--meta-llama--Llama-3.2-1B/snapshots/<commit>/  the files, linked to blobs
package struct HubCache: Sendable {
    /// Where `models--…` folders stand.
    package let root: URL

    /// The cache that `environment` points at, as the hub's own library finds it: `HF_HUB_CACHE`, then `HF_HOME`, then
    /// the user's cache folder.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func folder(_ variable: String) -> URL? {
            guard let path = environment[variable], !path.isEmpty else { return nil }
            return URL(fileURLWithPath: (path as NSString).expandingTildeInPath, isDirectory: true)
        }
        let home = folder("HOME") ?? FileManager.default.homeDirectoryForCurrentUser
        let caches = folder("XDG_CACHE_HOME") ?? home.appendingPathComponent(".cache", isDirectory: true)
        let hub = folder("HF_HOME") ?? caches.appendingPathComponent("huggingface", isDirectory: true)
        root = folder("HF_HUB_CACHE") ?? hub.appendingPathComponent("hub", isDirectory: true)
    }

    /// Whether `name` can be a model's id on the hub: `organisation/name`, or one of the old names without a slash.
    package static func isModelID(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), name.utf8.count <= 96 + 1 + 96 else { return false }
        return parts.allSatisfy { part in
            guard let first = part.utf8.first, ![UInt8(ascii: "."), UInt8(ascii: "-")].contains(first) else {
                return false
            }
            return part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            } && !part.contains("..") && !part.contains("--")
        }
    }

    /// The files of the model `id` as "main" was when it was downloaded; nil where it was not.
    package func snapshot(of id: String) -> URL? {
        guard Self.isModelID(id) else { return nil }
        let folder = root.appendingPathComponent(
            "models--" + id.replacingOccurrences(of: "/", with: "--"), isDirectory: true)
        let reference = folder.appendingPathComponent("refs").appendingPathComponent("main")
        guard let data = try? BoundedFile.read(reference, limit: 256) else { return nil }
        let commit = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        // A commit is a name: one with a path in it could point anywhere.
        guard !commit.isEmpty, commit.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || isLetter($0) })
        else { return nil }
        let snapshot = folder.appendingPathComponent("snapshots").appendingPathComponent(commit, isDirectory: true)
        return Self.isFolder(snapshot.path) ? snapshot : nil
    }

    private func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }

    fileprivate static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}

extension ModelFolder {
    /// The folder that `name` means: a folder of the file system, else a model of the hub that `cache` holds.
    ///
    /// - Throws: ``ModelFolderError/notDownloaded(name:cache:)`` with the command that would download it.
    package static func locate(_ name: String, in cache: HubCache = HubCache()) throws(ModelFolderError) -> URL {
        if HubCache.isFolder(name) { return URL(fileURLWithPath: name, isDirectory: true) }
        try refuseFile(name)
        guard HubCache.isModelID(name) else { throw .unreadable(path: name, reason: "no such folder") }
        guard let snapshot = cache.snapshot(of: name) else {
            throw .notDownloaded(name: name, cache: cache.root.path)
        }
        return snapshot
    }
}
