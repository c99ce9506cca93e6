package import Foundation

/// The checkout that the tests run in.
package enum Repository {
    /// The folder that holds Package.swift; where tests run on another machine than they were built on, what REPOSITORY
    /// says.
    package static let root =
        ProcessInfo.processInfo.environment["REPOSITORY"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The path of a file under `Tests/Fixtures`.
    package static func fixture(_ relative: String) -> URL {
        root.appendingPathComponent("Tests/Fixtures/\(relative)")
    }
}
