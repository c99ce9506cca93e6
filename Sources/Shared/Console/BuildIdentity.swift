import CBuildIdentity
import Run

/// Which build of the programs this is.
package enum BuildIdentity {
    /// As `--version` says it: "0.1.0 (1a2b3c4d5e6f, release)".
    package static let text: String = {
        let commit = String(cString: build_identity_commit())
        return "\(productVersion) (\(commit.isEmpty ? "commit unknown" : commit), \(configuration))"
    }()

    #if DEBUG
        private static let configuration = "debug"
    #else
        private static let configuration = "release"
    #endif
}
