import CBuildIdentity
import Run

/// Which build of the programs this is.
package enum BuildIdentity {
    /// As `--version` says it: "0.1.0 (1a2b3c4d5e6f, release)", or "0.1.0 (debug)".
    package static let text = "\(productVersion) (\(build))"

    private static var build: String {
        #if DEBUG
            "debug"
        #else
            let commit = String(cString: build_identity_commit())
            return "\(commit.isEmpty ? "commit unknown" : commit), release"
        #endif
    }
}
