import Foundation

/// A real language model, which `scripts/real-model` fetches: SmolLM2-135M-Instruct.
///
/// `REAL_MODEL` names its folder; without it, the script's own place is looked at. A test that needs it is written
/// `@Test(.enabled(if: RealModel.isPresent, RealModel.absence))`.
package enum RealModel {
    private static let folder: URL = {
        let named = ProcessInfo.processInfo.environment["REAL_MODEL"].map { URL(fileURLWithPath: $0) }
        return named ?? Repository.root.appendingPathComponent("models/SmolLM2-135M-Instruct")
    }()

    package static var isPresent: Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent("config.json").path)
    }
    package static let absence = "no real model: scripts/real-model fetches it, REAL_MODEL names its folder"

    package static var path: String { folder.path }
}
