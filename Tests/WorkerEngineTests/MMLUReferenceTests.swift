import CPUDevice
import Evaluation
import Foundation
import Generation
import Tasks
import TestSupport
import Testing

@testable import WorkerEngine

/// MMLU on a real model against `scripts/make-references/mmlu.py`: lm-evaluation-harness's prompts and log-likelihoods by
/// transformers.
struct MMLUReferenceTests {
    private struct Figures: Decodable {
        struct Item: Decodable {
            let subject: String
            let number: Int
            let answer: Int
            let loglikelihoods: [Double]
        }
        let letters: [Item]
        let texts: [Item]
        let shots: [Item]
    }

    /// Two correct float32 implementations differ in the last bits of logits near 20.
    private static let tolerance = 5e-4

    @Test(.enabled(if: RealModel.isPresent && SharedData.isPresent, "\(RealModel.absence), or \(SharedData.absence)"))
    func `log-likelihoods and accuracy are the harness's on a hundred items`() throws {
        let figures = try JSONDecoder().decode(
            Figures.self, from: Data(contentsOf: Repository.fixture("Evaluation/mmlu.json")))
        let model = try LoadedModel(path: RealModel.path, on: try CPUDevice(), computeType: .float32)
        #expect(figures.letters.count == 100)
        for (task, shots, expected) in [
            (TaskDefinition.mmlu, 0, figures.letters), (.mmlu, 5, figures.shots), (.mmluContinuation, 0, figures.texts),
        ] {
            let files = try task.files(SharedData.path("mmlu").path, shots)
            let all = try task.read(TaskSource(files: files, shots: shots)).items
            let items = expected.map { wanted in all.first { $0.id == "\(wanted.subject)-\(wanted.number)" } }
            let requests = try items.map { item in
                let item = try #require(item)
                let prompt = task.prompts(item).both
                return LikelihoodRequest(
                    tokens: try model.tokens(ofPrompt: prompt),
                    continuations: try model.tokens(ofChoices: item.choices, after: prompt))
            }
            let found = try Generator(model: model.model, maximumBatch: 8).likelihoods(requests)
            for (item, (likelihoods, wanted)) in zip(items, zip(found, expected)) {
                for (a, b) in zip(likelihoods, wanted.loglikelihoods) {
                    #expect(abs(a - b) < Self.tolerance, "\(task.name) \(wanted.subject) \(wanted.number)")
                }
                let best = try #require(likelihoods.indices.max { likelihoods[$0] < likelihoods[$1] })
                let item = try #require(item)
                let read = ReadAnswer(text: item.choices[best], likelihoods: likelihoods)
                let harness = wanted.loglikelihoods
                let argmax = try #require(harness.indices.max { harness[$0] < harness[$1] })
                #expect(task.metrics[0].value(read, item) == (argmax == wanted.answer ? 1 : 0))
            }
        }
    }
}
