import Foundation

/// Files of settings that come with the program, as `--config` reads them: `coordinator run --preset NAME`.
///
/// The build puts them into a folder beside the program: whoever moves the program takes the folder along.
package enum Presets {
    package static let names = ["paper", "kvcomm", "reference", "quick"]

    /// Where a preset lies.
    package static func path(of name: String) -> String {
        Bundle.main.bundleURL.appendingPathComponent("activation-communication_Presets.resources/Files/\(name).yaml")
            .path
    }
}
