import Devices
import Foundation
import Models
import Run
import Testing

/// How likely tokens are to follow those of a step: of any number of them, whatever stands beside them in a pass.
struct LogProbabilityTests {
    /// Of each of the last `count` tokens some followers: none, one, or several, which may be equal.
    private static func followers(_ model: LanguageModel, count: Int, seed: UInt64) -> [[Int32]] {
        var random = NamedGenerator(seed: seed, purpose: "followers")
        return (0..<count).map { place in
            (0..<(place + Int(seed)) % 4).map { _ in Int32(random.index(below: model.configuration.vocabularySize)) }
        }
    }

    private static func steps(_ model: LanguageModel, _ prompts: [[Int32]]) throws -> [SequenceStep] {
        try prompts.enumerated().map { index, prompt in
            SequenceStep(
                cache: try model.makeCache(), tokens: prompt, readings: model.sites,
                head: .logProbabilities(
                    of: followers(model, count: max(1, prompt.count - index), seed: UInt64(index))),
                readsFinalNorm: true)
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `they have the bits that are defined, beside steps that ask for logits and tokens, however they are cut`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        // More rows than a head takes at once, of one model.
        let prompts = try model.name == "qwen2" ? model.prompts() : model.prompts(lengths: [1, 2, 13])
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("log probabilities \(model.name)", type, on: tested) {
                let reference = try model.load(on: tested.definition, type)
                return try reference.step(try Self.steps(reference, prompts))
            }
            let logits = try Definition.outputs(model, type, prompts, on: tested)
            for rowLimit in [7, 512] {
                let loaded = try model.load(on: tested.device, type, rowLimit: rowLimit)
                let steps = try zip(Self.steps(loaded, prompts), prompts).flatMap { step, prompt in
                    [
                        SequenceStep(cache: try loaded.makeCache(), tokens: prompt, head: .greedyToken),
                        step, try loaded.everything(prompt),
                    ]
                }
                let found = try loaded.step(steps)
                for (place, expected) in expected.enumerated() {
                    #expect(found[3 * place].greedyToken == Self.greedy(logits[place].logits))
                    #expect(found[3 * place + 1].bits == expected.bits, "\(type), \(rowLimit) rows")
                    #expect(found[3 * place + 2].bits == logits[place].bits, "\(type), \(rowLimit) rows")
                }
            }
        }
    }

    private static func greedy(_ logits: [Float]) -> Int32? {
        logits.max().flatMap(logits.firstIndex).map(Int32.init)
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `a token's value is that of the prompt which ends before it, by its logits as well`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompt = try model.prompts(lengths: [13])[0]
        let loaded = try model.load(on: tested.device, rowLimit: 64)
        let asked = SequenceStep(
            cache: try loaded.makeCache(), tokens: prompt.dropLast(),
            head: .logProbabilities(of: prompt.dropFirst().map { [$0] }))
        let found = try loaded.step([asked])[0].logProbabilities.map { $0[0] }
        #expect(found.count == 12)
        for (place, value) in found.enumerated() {
            let logits = try loaded.step([try loaded.everything(Array(prompt[...place]))])[0].logits
            let softmax = tested.device.distributions.sums(of: logits, vocabulary: logits.count)[0]
            #expect(value == softmax.logProbability(ofLogit: logits[Int(prompt[place + 1])]))
        }
    }

    @Test func `what cannot be asked is refused before any work`() throws {
        let loaded = try TestedModel.small[0].load(on: TestedDevice.all[0].device)
        let before = loaded.tokensRead
        let vocabulary = Int32(loaded.configuration.vocabularySize)
        for (followers, error) in [
            ([], ModelError.followersOutside(sequence: 0, asked: 0, tokens: 2)),
            ([[1], [1], [1]], .followersOutside(sequence: 0, asked: 3, tokens: 2)),
            (
                [[1], [1, vocabulary]],
                .tokenOutOfVocabulary(
                    sequence: 0, index: 1, token: vocabulary, vocabularySize: Int(vocabulary))
            ),
        ] as [([[Int32]], ModelError)] {
            #expect(throws: error) {
                try loaded.step([
                    SequenceStep(
                        cache: try loaded.makeCache(), tokens: [1, 2], head: .logProbabilities(of: followers))
                ])
            }
        }
        #expect(loaded.tokensRead == before)
    }
}
