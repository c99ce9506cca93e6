import Foundation

/// A file of one test's own, removed with this object.
package final class TemporaryFile: Sendable {
    private let folder: TemporaryFolder
    package let path: String

    package init(_ bytes: some Sequence<UInt8>) throws {
        folder = try TemporaryFolder()
        path = try folder.file(holding: bytes).path
    }

    package convenience init(_ text: String) throws {
        try self.init(text.utf8)
    }
}
