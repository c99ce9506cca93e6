import Foundation

/// The models and data that come with the product; `Assets/README.md` says what they are and how they were made.
package enum DemoAssets {
    private static let folder = Bundle.module.resourceURL!.appendingPathComponent("Assets")

    /// The model that knows: it reads the prompts.
    package static let modelA = folder.appendingPathComponent("model-a").path
    /// The model that is told: it answers.
    package static let modelB = folder.appendingPathComponent("model-b").path
    /// Plain texts in C4's layout.
    package static let corpus = folder.appendingPathComponent("corpus.json.gz").path
    /// Questions in SQuAD v1.1's layout.
    package static let questions = folder.appendingPathComponent("questions.json").path
    /// Word problems in GSM8K's layout.
    package static let wordProblems = folder.appendingPathComponent("word-problems.jsonl").path
}
