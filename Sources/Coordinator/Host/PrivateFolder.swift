import Foundation

/// Folders of private sockets, one a coordinator: of mode 0700, so that only this user's processes reach what is in them.
enum PrivateFolder {
    private static let prefix = "activation-communication-"
    /// A socket's path has at most 107 bytes, and the folder's own name and the socket's take some.
    private static let longestParent = 50

    /// Makes one, and removes those that dead coordinators of this user have left.
    ///
    /// It lies in the folder for temporary files, or where that has too long a name in the user's folder for the run
    /// time (`XDG_RUNTIME_DIR`) or in /tmp. A name in the abstract namespace would be shorter and leave nothing behind,
    /// but has no permissions: every user of the machine could connect.
    static func make() throws -> URL {
        let candidates =
            [
                FileManager.default.temporaryDirectory.path, ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"],
                "/tmp",
            ]
            .compactMap { $0 }
        let parent = candidates.first { $0.utf8.count <= longestParent && isUsable($0) } ?? "/tmp"
        removeLeftovers(in: parent)
        let name = "\(prefix)\(getpid())-\(UInt32.random(in: .min ... .max))"
        let folder = URL(fileURLWithPath: parent, isDirectory: true).appendingPathComponent(name)
        try create(folder)
        return folder
    }

    static func create(_ folder: URL) throws {
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private static func isUsable(_ path: String) -> Bool {
        path.hasPrefix("/") && FileManager.default.isWritableFile(atPath: path)
    }

    /// Those whose process is gone. The number may be another process's by now: then they stay for the next time.
    private static func removeLeftovers(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).split(separator: "-").first.flatMap { Int32($0) }
            let path = "\(parent)/\(name)"
            var status = stat()
            guard let number, number > 0, kill(number, 0) != 0, errno == ESRCH, lstat(path, &status) == 0,
                status.st_mode & S_IFMT == S_IFDIR, status.st_uid == getuid()
            else { continue }
            unlink("\(path)/workers")
            rmdir(path)
        }
    }
}
