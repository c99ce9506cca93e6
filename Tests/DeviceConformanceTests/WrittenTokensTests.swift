import Devices
import Models
import Run
import Testing

/// Injections elsewhere than at a prompt's last token, and at several tokens.
struct WrittenTokensTests {
    private static func vectors(_ count: Int, width: Int, seed: UInt64 = 3) -> [[Float]] {
        var random = NamedGenerator(seed: seed, purpose: "vectors", key: "\(count)")
        return (0..<count).map { _ in (0..<width).map { _ in Float(random.normal()) } }
    }

    /// At one token or many of a prompt of 13, at every site: in the middle, at the first, at all.
    private static func injections(_ model: LanguageModel) -> [Injection] {
        let width = model.configuration.hiddenSize
        return model.sites.enumerated().flatMap { number, site in
            [(1, 1), (1, 12), (4, 0), (5, 3), (13, 0)].map { count, following in
                Injection(
                    site: site, operation: InjectionOperation.allCases[(number + count) % 3],
                    vectors: vectors(count, width: count == 5 ? width - 5 : width + number), following: following)
            }
        }
    }

    private static func step(_ model: LanguageModel, _ tokens: [Int32], _ injection: Injection) throws -> SequenceStep {
        var step = try model.everything(tokens, injections: [injection])
        step.readsEveryToken = true
        return step
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `injections at any tokens have the bits that are defined, however steps are cut into passes`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompt = try model.prompts(lengths: [13])[0]
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("written tokens \(model.name)", type, on: tested) {
                let reference = try model.load(on: tested.definition, type)
                return try reference.step(Self.injections(reference).map { try Self.step(reference, prompt, $0) })
            }
            for rowLimit in [5, 40] {
                let loaded = try model.load(on: tested.device, type, rowLimit: rowLimit)
                let found = try loaded.step(Self.injections(loaded).map { try Self.step(loaded, prompt, $0) })
                #expect(found.map(\.bits) == expected.map(\.bits), "\(type), \(rowLimit) rows")
                // Where the last token alone is read, nothing else is computed in the last block.
                let last = try loaded.step(
                    Self.injections(loaded).map { try loaded.everything(prompt, injections: [$0]) })
                let width = loaded.configuration.hiddenSize
                for (found, expected) in zip(last, expected) {
                    #expect(found.activations == expected.activations.map { Array($0.suffix(width)) })
                    #expect(found.logits == expected.logits && found.finalNorm == expected.finalNorm)
                }
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `an injection before the last token is that at the end of a first step, and later tokens see it`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let prompt = try model.prompts(lengths: [13])[0]
        let loaded = try model.load(on: tested.device, rowLimit: 50)
        let vector = Self.vectors(1, width: loaded.configuration.hiddenSize)[0]
        let site = loaded.sites[1]
        let whole = try loaded.step([
            try loaded.everything(
                prompt, injections: [Injection(site: site, operation: .sum, vector: vector, following: 4)])
        ])[0]
        let cache = try loaded.makeCache()
        _ = try loaded.step([
            SequenceStep(
                cache: cache, tokens: Array(prompt.prefix(9)),
                injections: [Injection(site: site, operation: .sum, vector: vector)])
        ])
        let rest = try loaded.step([
            SequenceStep(
                cache: cache, tokens: Array(prompt.suffix(4)), readings: loaded.sites, head: .logits,
                readsFinalNorm: true)
        ])[0]
        #expect(whole.bits == rest.bits)
        #expect(try whole.logits != loaded.trace(of: prompt).logits)
    }

    @Test(arguments: TestedDevice.all)
    func `an injection outside of the tokens is refused before any work`(_ tested: TestedDevice) throws {
        let loaded = try TestedModel.small[0].load(on: tested.device)
        func inject(_ count: Int, following: Int) throws {
            let vectors = [[Float]](repeating: [1], count: count)
            _ = try loaded.trace(
                of: [1, 2],
                injections: [Injection(site: .embedding, operation: .sum, vectors: vectors, following: following)])
        }
        for (count, following) in [(1, 2), (2, 1), (3, 0), (1, -1), (1, .max)] {
            #expect(
                throws: ModelError.injectionOutside(sequence: 0, written: count, following: following, tokens: 2)
            ) { try inject(count, following: following) }
        }
        #expect(throws: ModelError.emptyInjection(sequence: 0)) { try inject(0, following: 0) }
    }
}
