import Devices
import Models
import Run
import Testing

/// What an injection does to the stream: the table of the method, where dimensions agree and where they differ.
struct InjectionTests {
    private static let prompt: [Int32] = [3, 1, 4]

    /// Of a stream b and a vector a: the last coordinates that both have are combined.
    private static func combined(_ a: [Float], into b: [Float], _ operation: InjectionOperation) -> [Float] {
        var result = b
        for distance in 1...min(a.count, b.count) {
            let (from, to) = (a[a.count - distance], b.count - distance)
            switch operation {
            case .replace: result[to] = from
            case .sum: result[to] = b[to] + from
            case .mean: result[to] = (b[to] + from) / 2
            }
        }
        return result
    }

    @Test func `the table combines the last coordinates that both vectors have`() {
        #expect(Self.combined([1, 2, 3], into: [10, 20, 30], .replace) == [1, 2, 3])
        #expect(Self.combined([1, 2, 3], into: [10, 20, 30], .mean) == [5.5, 11, 16.5])
        #expect(Self.combined([1, 2], into: [10, 20, 30], .sum) == [10, 21, 32])
        #expect(Self.combined([1, 2, 3, 4], into: [10, 20], .replace) == [3, 4])
        #expect(Self.combined([1, 2, 3, 4], into: [10, 20], .sum) == [13, 24])
    }

    /// At every site, with every operation, by vectors shorter than, as long as, and longer than the stream.
    private static func injections(_ model: LanguageModel) -> [Injection] {
        let width = model.configuration.hiddenSize
        return model.sites.flatMap { site in
            InjectionOperation.allCases.flatMap { operation in
                [1, width - 5, width, width + 7].map { count in
                    var random = NamedGenerator(seed: UInt64(count), purpose: "vector")
                    return Injection(
                        site: site, operation: operation, vector: (0..<count).map { _ in Float(random.normal()) })
                }
            }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `injections at all sites, in one batch, have the bits that are defined`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        for type in ComputeType.allCases {
            let expected = try Definition.remembered("injections \(model.name)", type, on: tested) {
                let reference = try model.load(on: tested.definition, type)
                return try reference.step(
                    Self.injections(reference).map { try reference.everything(Self.prompt, injections: [$0]) })
            }
            let loaded = try model.load(on: tested.device, type, rowLimit: 50)
            let found = try loaded.step(
                Self.injections(loaded).map { try loaded.everything(Self.prompt, injections: [$0]) })
            for (found, expected) in zip(found, expected) { #expect(found.bits == expected.bits, "\(type)") }
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `every operation is a replacement by what the table says`(_ tested: TestedDevice, _ model: TestedModel) throws
    {
        let loaded = try model.load(on: tested.device)
        let plain = try loaded.trace(of: Self.prompt)
        let injections = Self.injections(loaded)
        let found = try loaded.step(injections.map { try loaded.everything(Self.prompt, injections: [$0]) })
        let replaced = try loaded.step(
            injections.map { injection in
                let stream = Self.combined(
                    injection.vectors[0], into: plain.streams[injection.site.blocks], injection.operation)
                return try loaded.everything(
                    Self.prompt, injections: [Injection(site: injection.site, operation: .replace, vector: stream)])
            })
        for (index, injection) in injections.enumerated() {
            #expect(
                found[index].bits == replaced[index].bits,
                "\(injection.operation) of \(injection.vectors[0].count) \(injection.site)")
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `a site is read before it is written, and a stream replaced by itself changes nothing`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let loaded = try model.load(on: tested.device)
        let plain = try loaded.trace(of: Self.prompt)
        for site in loaded.sites {
            let itself = Injection(site: site, operation: .replace, vector: plain.streams[site.blocks])
            #expect(try loaded.trace(of: Self.prompt, injections: [itself]) == plain)
            let other = Injection(site: site, operation: .sum, vector: plain.streams[site.blocks].map { $0 + 1 })
            let injected = try loaded.trace(of: Self.prompt, injections: [other])
            #expect(injected.streams[...site.blocks] == plain.streams[...site.blocks])
            #expect(zip(injected.streams, plain.streams).dropFirst(site.blocks + 1).allSatisfy { $0 != $1 })
            #expect(injected.logits != plain.logits)
        }
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `after the last block nothing but the replaced stream is left`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let loaded = try model.load(on: tested.device)
        let stream = try loaded.trace(of: [7, 7]).streams.last ?? []
        let injection = Injection(site: loaded.sites[loaded.sites.count - 1], operation: .replace, vector: stream)
        #expect(try loaded.trace(of: Self.prompt, injections: [injection]).logits == loaded.trace(of: [7, 7]).logits)
    }

    @Test(arguments: TestedDevice.all, TestedModel.small)
    func `an injection touches its own sequence alone, and its last token alone`(
        _ tested: TestedDevice, _ model: TestedModel
    ) throws {
        let loaded = try model.load(on: tested.device, rowLimit: 50)
        let prompts = try model.prompts()
        let plain = try Definition.outputs(model, .float32, prompts, on: tested)
        let vector = [Float](repeating: 0.5, count: loaded.configuration.hiddenSize)
        let injection = Injection(site: loaded.sites[1], operation: .sum, vector: vector)
        let steps = try prompts.enumerated().map { try loaded.everything($1, injections: $0 == 3 ? [injection] : []) }
        let found = try loaded.step(steps)
        for index in prompts.indices { #expect((found[index].bits == plain[index].bits) == (index != 3)) }
        // The positions before the last are as if nothing had happened.
        let fork = try steps[3].cache.fork(keeping: prompts[3].count - 1)
        let last = try loaded.step([
            SequenceStep(
                cache: fork, tokens: [prompts[3][prompts[3].count - 1]], readings: loaded.sites, head: .logits,
                readsFinalNorm: true)
        ])
        #expect(last[0].bits == plain[3].bits)
    }
}
