import Devices
import Models
import Run
import Testing

/// A sequence that is written at several sites at once.
struct SeveralInjectionsTests {
    private static func vectors(_ count: Int, width: Int, seed: Int) -> [[Float]] {
        var random = NamedGenerator(seed: UInt64(seed), purpose: "vectors", key: "\(count)")
        return (0..<count).map { _ in (0..<width).map { _ in Float(random.normal()) } }
    }

    /// At all sites of a prompt of 13 tokens, or at every other, each at tokens of its own and by an operation of its own.
    private static func injections(_ model: LanguageModel) -> [[Injection]] {
        let width = model.configuration.hiddenSize
        let written = [(1, 0), (4, 0), (1, 6), (5, 3), (13, 0)]
        return (0..<6).map { round in
            model.sites.enumerated().filter { round < 3 || ($0.offset + round) % 2 == 0 }.map { number, site in
                let (count, following) = written[(number + round) % written.count]
                return Injection(
                    site: site, operation: InjectionOperation.allCases[(number * 2 + round) % 3],
                    vectors: vectors(count, width: width - number % 2, seed: number + round), following: following)
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func
        `injections at several sites have the bits that are defined, in any order and however steps are cut into passes`(
            _ tested: TestedDevice, _ model: TestedModel
        ) throws
    {
        let prompt = try model.prompts(lengths: [13])[0]
        func step(_ model: LanguageModel, _ injections: [Injection]) throws -> SequenceStep {
            var step = try model.everything(prompt, injections: injections)
            step.readsEveryToken = true
            return step
        }
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("several injections \(model.name)", type, on: tested) {
                let reference = try model.load(on: tested.definition, type)
                return try reference.step(Self.injections(reference).map { try step(reference, $0) })
            }
            for rowLimit in [5, 40] {
                let loaded = try model.load(on: tested.device, type, rowLimit: rowLimit)
                let found = try loaded.step(Self.injections(loaded).map { try step(loaded, $0.reversed()) })
                #expect(found.map(\.bits) == expected.map(\.bits), "\(type), \(rowLimit) rows")
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `what is written at a site meets the stream that what was written before it has left`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let loaded = try model.load(on: tested.device)
        let prompt = try model.prompts(lengths: [7])[0]
        let (first, second) = (loaded.sites[0], loaded.sites[1])
        let vectors = Self.vectors(2, width: loaded.configuration.hiddenSize, seed: 1)
        let before = Injection(site: first, operation: .mean, vector: vectors[0])
        let both = [before, Injection(site: second, operation: .sum, vector: vectors[1])]
        let left = try loaded.trace(of: prompt, injections: [before]).streams[second.blocks]
        let sum = Injection(site: second, operation: .replace, vector: zip(left, vectors[1]).map { $0 + $1 })
        let found = try loaded.trace(of: prompt, injections: both)
        #expect(try found == loaded.trace(of: prompt, injections: [before, sum]))
        #expect(found.streams[second.blocks] == left)
        #expect(try found.logits != loaded.trace(of: prompt, injections: [before]).logits)
        #expect(try found.logits != loaded.trace(of: prompt, injections: [both[1]]).logits)
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `streams that are replaced by themselves at all sites change nothing`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let loaded = try model.load(on: tested.device)
        let prompt = try model.prompts(lengths: [7])[0]
        let plain = try loaded.trace(of: prompt)
        let themselves = loaded.sites.map {
            Injection(site: $0, operation: .replace, vector: plain.streams[$0.blocks])
        }
        #expect(try loaded.trace(of: prompt, injections: themselves) == plain)
    }

    @Test(arguments: TestedDevice.all)
    func `a site that is written twice is refused before any work`(_ tested: TestedDevice) throws {
        let loaded = try TestedModel.small[0].load(on: tested.device)
        let site = loaded.sites[1]
        let twice = [0, 1].map { Injection(site: site, operation: .sum, vector: [1], following: $0) }
        #expect(throws: ModelError.siteWrittenTwice(sequence: 0, site)) {
            _ = try loaded.trace(of: [1, 2], injections: twice)
        }
    }
}
