import Foundation

/// A folder of one test's own, removed with this object.
final class TemporaryFolder: Sendable {
    private let url = FileManager.default.temporaryDirectory.appendingPathComponent(
        "modelfolders-tests-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(at: url) }

    /// A new folder in it.
    func folder() throws -> URL {
        let folder = url.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
