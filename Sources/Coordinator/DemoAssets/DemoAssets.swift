import Foundation

/// The models and data that come with the product; `Assets/README.md` says what they are and how they were made.
///
/// The build puts them into a folder beside the program: whoever moves the program takes the folder along.
package enum DemoAssets {
    package static let folder = Bundle.main.bundleURL
        .appendingPathComponent("activation-communication_DemoAssets.resources/Assets").path

    /// The model that knows: it reads the prompts.
    package static let modelA = folder + "/model-a"
    /// The model that is told: it answers.
    package static let modelB = folder + "/model-b"
    /// Plain texts in C4's layout.
    package static let corpus = folder + "/corpus.json.gz"
    /// Questions in SQuAD v1.1's layout.
    package static let questions = folder + "/questions.json"
    /// Word problems in GSM8K's layout.
    package static let wordProblems = folder + "/word-problems.jsonl"

    /// Whether they are where the build puts them.
    package static var arePresent: Bool { FileManager.default.fileExists(atPath: folder) }
}
