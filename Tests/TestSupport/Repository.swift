package import Foundation

/// The checkout that the tests run in.
package enum Repository {
    /// The folder that holds Package.swift.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The path of a file under `Tests/Fixtures`.
    package static func fixture(_ relative: String) -> URL {
        root.appendingPathComponent("Tests/Fixtures/\(relative)")
    }
}
