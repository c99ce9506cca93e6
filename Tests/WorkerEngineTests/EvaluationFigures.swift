import Foundation
import Run
import TestSupport
import Testing

/// What transformers answers in a run's experiments on a pair of models: scripts/make-references/evaluation.py.
struct EvaluationFigures: Decodable {
    /// From A after `k` blocks to B after `j`, through W or, where a run has none, as it is.
    struct Channel: Decodable, Hashable {
        let k: Int
        let j: Int
        let projected: Bool
        /// k and j of each block besides at which the message is written.
        var further: [[Int]]?

        var channel: Run.Channel {
            get throws {
                try Run.Channel([.init(k: k, j: j)] + (further ?? []).map { .init(k: $0[0], j: $0[1]) })
            }
        }
    }

    struct Item: Decodable {
        let id: String
        let context: String?
        let question: String
        let golds: [String]
        /// The ids of the two items whose messages B is told under `other`.
        let others: [String]
    }

    struct Task: Decodable {
        let task: String
        let metrics: [String]
        let newTokens: Int
        let stopStrings: [String]
        let items: [Item]
    }

    struct Prompt: Decodable {
        let task: String
        let item: String
        /// `a` or `b`.
        let model: String
        /// As `--b-prompt` has it; A reads `full` alone.
        let prompt: String
        let text: String
        let ids: [Int32]
        /// Tokens that were cut off on the left.
        let omitted: Int
    }

    struct Message: Decodable {
        let task: String
        let item: String
        /// Blocks of A after which it was read.
        let k: Int
        let projected: Bool
        /// What A has to say on the item.
        let message: [Float]
        /// What B is told instead under `random`.
        let noise: [Float]
    }

    /// What a model wrote, and how it is scored.
    struct Answer: Decodable, Equatable {
        let tokens: [Int32]
        let text: String
        let omitted: Int
        let scored: String
        /// In the task's order of metrics.
        let values: [Double]
    }

    /// The answers to all of a task's items under one condition.
    struct Answers: Decodable {
        let task: String
        let condition: String
        /// As `--b-prompt` has them: those that give the same.
        let bPrompts: [String]
        /// Both nil for conditions under which B is told nothing.
        let channel: Channel?
        let operation: String?
        let means: [Double]
        let standardErrors: [Double]
        /// Each one's place in ``distinctAnswers``.
        let answers: [Int]
    }

    /// What B gives an item's right answers.
    struct Likelihood: Decodable {
        struct Gold: Decodable {
            let whole: Double
            let tokens: Int
        }

        let task: String
        let item: String
        let condition: String
        let bPrompt: String
        let channel: Channel
        let operation: String
        let strength: Double
        /// In the item's order.
        let golds: [Gold]
        /// From `silent`, and from the two of `other` on average; nil of `silent`.
        let divergences: [Double]?
    }

    struct Text: Decodable, Equatable {
        let tokens: [Int32]
        let text: String
    }

    struct Similarity: Decodable {
        let prompt: String
        let layer: Int
        let projected: Bool
        let operation: String
        let plain: Text
        let injected: Text
        let commonPrefixTokens: Int
        let editSimilarity: Double
    }

    struct Extraction: Decodable {
        let k: Int
        let j: Int
        let texts: [String]
        let maximumTokens: Int
        /// [texts][width]
        let a: [[Float]]
        let b: [[Float]]
    }

    let seed: UInt64
    let preset: String
    let channels: [Channel]
    let tasks: [Task]
    let prompts: [Prompt]
    let messages: [Message]
    let distinctAnswers: [Answer]
    let answers: [Answers]
    let messageTokens: Int
    let likelihoods: [Likelihood]
    let similarity: [Similarity]
    let extraction: [Extraction]

    var bPrompts: [String] { ["full", "question", "none"] }

    func answers(
        _ task: String, under condition: String, bPrompt: String, over channel: Channel, operation: String
    ) -> Answers? {
        answers.first {
            $0.task == task && $0.condition == condition && $0.bPrompts.contains(bPrompt)
                && ($0.channel ?? channel) == channel && ($0.operation ?? operation) == operation
        }
    }

    func prompt(_ task: String, _ item: String, _ model: String, _ prompt: String) -> Prompt? {
        prompts.first { $0.task == task && $0.item == item && $0.model == model && $0.prompt == prompt }
    }
}

/// Two models with their figures.
struct ReferencePair: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let modelA: String
    let modelB: String
    /// W, a safetensors file.
    let projection: URL
    private let file: String

    func figures() throws -> EvaluationFigures {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            EvaluationFigures.self, from: Data(contentsOf: Repository.fixture("Evaluation/\(file)")))
    }

    static let shipped: ReferencePair = {
        let assets = Repository.root.appendingPathComponent("Sources/Coordinator/DemoAssets/Assets")
        return ReferencePair(
            testDescription: "the shipped pair", modelA: assets.appendingPathComponent("model-a").path,
            modelB: assets.appendingPathComponent("model-b").path,
            projection: Repository.fixture("References/W.safetensors"), file: "shipped-pair.json")
    }()

    /// Trained models outside the repository.
    static let stories: ReferencePair? =
        SharedData.isPresent
        ? ReferencePair(
            testDescription: "stories260K to babyllama105", modelA: SharedData.path("models/stories260K").path,
            modelB: SharedData.path("models/babyllama105").path,
            projection: SharedData.path("models/W.safetensors"), file: "stories-pair.json") : nil

    static let present = [shipped] + [stories].compactMap(\.self)
}
