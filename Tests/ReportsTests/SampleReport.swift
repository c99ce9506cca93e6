import Evaluation
import Foundation
import Run
import Tasks

@testable import Reports

/// A small report whose texts try everything that could break a file.
enum SampleReport {
    static let hostile =
        "<script>alert('x')</script> | a_b*c* [l](http://e.vil) \"q\" & \u{1b}[2J\u{0} \u{2028} \\ é日\nnext"

    /// - Parameter projection: nil takes one that was trained, of these losses.
    static func report(
        losses: [Double] = [4, 2, 1, 0.5], items: Int = 4, text: String = hostile, projection: ProjectionReport? = nil
    ) throws -> RunReport {
        let conditions = try ConditionTable.standard.conditions(named: nil)
        let taskItems = (0..<items).map {
            TaskItem(
                id: "item-\($0)", context: "In \($0) it was \(text).", question: "What was it?", golds: ["red", text])
        }
        let answers = (0..<items).map { item in
            conditions.map { condition in
                let answer = answer(condition.name, item: item, text)
                return [Answer](repeating: answer, count: condition.isRepeated ? 2 : 1)
            }
        }
        var configuration = RunConfiguration(
            modelA: "models/\(text)", modelB: "models/b", channels: [Channel(k: 26, j: 24)], experiments: [])
        configuration.training.learningRate = 1e-3
        configuration.seed = .max
        let similarity = SimilarityScores(
            [8, 0].flatMap { layer in
                (0..<3).map { prompt in
                    SimilaritySample(
                        layer: layer, prompt: "The capital \(prompt) \(text)",
                        result: SimilarityResult(
                            plain: WrittenText(tokens: [1, 2, 3], text: " of France"),
                            injected: WrittenText(tokens: prompt == 0 ? [1, 2, 3] : [1, 9], text: " of France")))
                }
            }, seed: 42)
        return RunReport(
            run: "abc", configuration: configuration,
            versions: [NamedValue("software", "1.0"), NamedValue("protocol", "1")],
            fingerprints: [NamedValue("model A", "00ff"), NamedValue(text, text)],
            deviceKinds: ["cpu b", "cpu a"],
            channels: [
                ChannelReport(
                    Channel(k: 26, j: 24),
                    projections: [
                        projection
                            ?? .trained(
                                ProjectionSummary(
                                    file: "projection_3_to_4_k26_j24.safetensors", dimensionA: 3, dimensionB: 4,
                                    rows: 3072,
                                    stepsPerEpoch: 2, learningRate: 1e-3,
                                    losses: losses.map { StepLoss(loss: $0, standardised: $0 / 8) }, meanLoss: 5,
                                    heldOut: HeldOutSummary(
                                        texts: 307, loss: 0.75, meanLoss: 3, r2: 0.75, coordinateR2: 0.5,
                                        standardisedLoss: 0.25,
                                        cosine: 0.875),
                                    activationSimilarity: 0.25))
                    ],
                    similarity: similarity,
                    tasks: [
                        try TaskScores(
                            .squad, conditions: conditions, items: taskItems, answers: answers, preset: .standard,
                            seed: 42)
                    ], readings: [(0..<items).map { reading($0, of: items, conditions, text) }])
            ], shape: shape)
    }

    private static func answer(_ condition: String, item: Int, _ text: String) -> Answer {
        let isGood = condition == "injected" || condition == "a_full" && item > 0
        var cost = Cost(promptTokens: 9, newTokens: 2)
        if condition == "a_full" {
            cost.passesOfA = Cost.Passes(count: 2, blocks: 28, tokens: 10)
        } else {
            cost.passesOfB = Cost.Passes(count: 2, blocks: 26, tokens: 10)
            if condition == "injected" { cost.messageBytes = 16 }
        }
        return Answer(tokens: [1, 2], text: isGood ? " red" : " not " + text, cost: cost)
    }

    /// A and B read a prompt each; of the conditions two tell something: the item's own message, and other items'.
    private static func reading(
        _ item: Int, of items: Int, _ conditions: [ConditionDefinition], _ text: String
    ) -> ItemReading {
        let prompts = [("a/a", ModelSide.a), ("b/b", .b)].map { name, model in
            ItemReading.Prompt(
                name: name, model: model, text: "<s>\(item) \(text):", mark: ItemReading.Mark(token: 2, units: 1),
                tokens: [1, 40 + Int32(item), 7],
                omitted: model == .b ? 2 : 0)
        }
        let written = ItemReading.Position(model: .b, blocks: [24], token: 2)
        let read = ItemReading.Position(model: .a, blocks: [26], token: 2)
        let digest = String(repeating: "0f", count: 32)
        func message(_ partner: Int?) -> ItemReading.Message {
            ItemReading.Message(
                told: .vector(digest: digest, norm: 12.5), partner: partner,
                source: ItemReading.Source(prompt: partner == nil ? 0 : nil, model: .a, read: read), written: written)
        }
        return ItemReading(
            prompts: prompts,
            answers: conditions.map { condition in
                switch condition.name {
                case "a_full": [.init(prompt: 0, message: nil)]
                case "injected": [.init(prompt: 1, message: message(nil))]
                case _ where condition.isRepeated:
                    [1, 2].map { .init(prompt: 1, message: message((item + $0) % items)) }
                default: [.init(prompt: 1, message: nil)]
                }
            })
    }

    private static let shape = PairShape(
        a: ModelShape(
            vocabulary: 10, width: 3, blocks: 28, heads: 1, keyValueHeads: 1, headWidth: 3, feedForward: 8),
        b: ModelShape(
            vocabulary: 10, width: 4, blocks: 26, heads: 1, keyValueHeads: 1, headWidth: 4, feedForward: 8),
        isProjected: true)

    static func text(_ name: String, of report: RunReport) throws -> String {
        guard let file = report.files.first(where: { $0.name == name }) else { throw Missing(name: name) }
        return String(decoding: file.bytes, as: UTF8.self)
    }

    struct Missing: Error {
        let name: String
    }
}

extension RunReport {
    /// As `summary.txt` has it.
    var summaryText: String { summary.text(tableWidth: 80) }
}
