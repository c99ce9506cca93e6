import Foundation

/// Programs of the system that tests look at a run with.
enum SystemProgram {
    static let prometheus = path(of: "prometheus")
    static let tmux = path(of: "tmux")

    /// The first of the path; nil where there is none.
    private static func path(of name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
