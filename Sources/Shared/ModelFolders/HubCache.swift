package import Foundation

/// The folder in which Hugging Face's own tools keep what they downloaded. It is read, never written, and nothing is
/// fetched.
///
///     models--meta-llama--Llama-3.2-1B/refs/main            the commit that "main" was when it was downloaded
///     models--meta-llama--Llama-3.2-1B/snapshots/<commit>/  the files, linked to blobs
package struct HubCache: Sendable {
    /// Where `models--…` folders stand.
    package let root: URL

    /// The cache that `environment` points at, as the hub's own library finds it: `HF_HUB_CACHE`, then its older name
    /// `HUGGINGFACE_HUB_CACHE`, then `HF_HOME`, then the user's cache folder. In the first three `~` and `$NAME` are
    /// replaced. A variable that is set to nothing names the working folder, there as here.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let home = environment["HOME"] ?? FileManager.default.homeDirectoryForCurrentUser.path
        func expanded(_ path: String) -> String {
            Self.replacingVariables(in: Self.replacingTilde(in: path, home: home), environment)
        }
        let caches = environment["XDG_CACHE_HOME"] ?? Self.join(home, ".cache")
        let hub = expanded(environment["HF_HOME"] ?? Self.join(caches, "huggingface"))
        let older = environment["HUGGINGFACE_HUB_CACHE"] ?? Self.join(hub, "hub")
        let path = expanded(environment["HF_HUB_CACHE"] ?? older)
        root = URL(fileURLWithPath: path.isEmpty ? "." : path, isDirectory: true)
    }

    private static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty || folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
    }

    /// As Python's `expanduser`, of the user who runs the program; another user's home, `~name`, is Foundation's matter.
    private static func replacingTilde(in path: String, home: String) -> String {
        guard path.hasPrefix("~") else { return path }
        guard path == "~" || path.hasPrefix("~/") else { return (path as NSString).expandingTildeInPath }
        var stem = home
        while stem.hasSuffix("/") { stem.removeLast() }
        let whole = stem + path.dropFirst()
        return whole.isEmpty ? "/" : whole
    }

    /// As Python's `expandvars`: `$NAME` and `${NAME}`; what is not set stays as it is.
    private static func replacingVariables(in path: String, _ environment: [String: String]) -> String {
        var (result, rest) = ("", Substring(path))
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            var name = rest.dropFirst().prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            var end = name.endIndex
            if rest.dropFirst().first == "{" {
                name = rest.dropFirst(2).prefix { $0 != "}" }
                end = name.endIndex < rest.endIndex ? rest.index(after: name.endIndex) : name.startIndex
            }
            guard end > name.startIndex else {
                result += "$"
                rest = rest.dropFirst()
                continue
            }
            result += environment[String(name)] ?? String(rest[..<end])
            rest = rest[end...]
        }
        return result + rest
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

    /// A model's id and, behind an `@`, a branch, a tag or a commit; nil for what can be none.
    package static func split(_ name: String) -> (id: String, revision: String?)? {
        let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let id = parts.first, isModelID(id) else { return nil }
        guard parts.count == 2 else { return (id, nil) }
        return isRevision(parts[1]) ? (id, parts[1]) : nil
    }

    /// Whether `name` can be a branch or a tag, such as `refs/pr/1`, or a commit: it becomes part of a path.
    private static func isRevision(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return name.utf8.count <= 255
            && parts.allSatisfy { part in
                !part.isEmpty && !part.hasPrefix(".")
                    && part.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 127 && $0 != UInt8(ascii: "\\") }
            }
    }

    /// The files of the model `id` as `revision` was when it was downloaded; nil where it was not.
    /// - Parameter revision: a branch, a tag or a whole commit.
    package func snapshot(of id: String, revision: String = "main") -> URL? {
        guard Self.isModelID(id), Self.isRevision(revision) else { return nil }
        let folder = root.appendingPathComponent(
            "models--" + id.replacingOccurrences(of: "/", with: "--"), isDirectory: true)
        let reference = folder.appendingPathComponent("refs").appendingPathComponent(revision)
        let commit =
            (try? BoundedFile.read(reference, limit: 256)).map {
                String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            } ?? revision
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
    /// The folder that `name` means: a folder of the file system, else a model of the hub that `cache` holds, such as
    /// `Qwen/Qwen3-0.6B` or `Qwen/Qwen3-0.6B@refs/pr/1`.
    ///
    /// - Throws: ``ModelFolderError/notDownloaded(name:revision:cache:)`` with the command that would download it.
    package static func locate(_ name: String, in cache: HubCache = HubCache()) throws(ModelFolderError) -> URL {
        if HubCache.isFolder(name) { return URL(fileURLWithPath: name, isDirectory: true) }
        try refuseFile(name)
        guard let (id, revision) = HubCache.split(name) else {
            throw .unreadable(path: name, reason: "no such folder")
        }
        guard let snapshot = cache.snapshot(of: id, revision: revision ?? "main") else {
            throw .notDownloaded(name: id, revision: revision, cache: cache.root.path)
        }
        return snapshot
    }
}
