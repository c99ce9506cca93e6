package import Foundation

/// Where the large references live that the repository does not carry (trained models, C4, SQuAD, GSM8K).
///
/// `REFERENCE_DATA` names the folder; without it, a folder `shared/data` beside the checkout is looked for.
/// A test that needs it is written `@Test(.enabled(if: SharedData.isPresent, SharedData.absence))`, so that it
/// is reported as skipped, with the reason, where the folder is missing.
package enum SharedData {
    package static let folder: URL? = {
        let named = ProcessInfo.processInfo.environment["REFERENCE_DATA"].map { URL(fileURLWithPath: $0) }
        let beside = Repository.root.deletingLastPathComponent().appendingPathComponent("shared/data")
        return [named, beside].compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0.path + "/models") }
    }()

    package static var isPresent: Bool { folder != nil }
    package static let absence = "no reference data: set REFERENCE_DATA to the folder that holds it"

    /// The path of a file in the folder. Call it only in a test that is enabled by ``isPresent``.
    package static func path(_ relative: String) -> URL {
        folder!.appendingPathComponent(relative)
    }
}
