import Devices
import Foundation
import Generation
import ModelFolders
import Models
import Run
import Testing

@testable import CPUDevice

/// Agreement with Hugging Face transformers.
struct ParityTests {
    @Test(arguments: ReferenceModel.all)
    func `residual streams, final norm and logits agree`(_ reference: ReferenceModel) throws {
        let model = try reference.load(threads: 2)
        let prompts = try reference.figures().prompts
        #expect(prompts.contains { $0.residualAfterBlock?.count == model.configuration.blockCount })
        for prompt in prompts {
            let trace = try model.trace(of: prompt.ids)
            if let expected = prompt.embeddingLast { #expect(relativeError(trace.streams[0], expected) < 1e-6) }
            for (found, expected) in zip(trace.streams.dropFirst(), prompt.residualAfterBlock ?? []) {
                #expect(relativeError(found, expected) < 1e-4)
            }
            if let expected = prompt.finalNormLast { #expect(relativeError(trace.finalNorm, expected) < 1e-4) }
            if let expected = prompt.logitsFull { #expect(absoluteError(trace.logits, expected) < 1e-3) }
            #expect(absoluteError(Array(trace.logits.prefix(16)), prompt.lastLogits.first16) < 1e-3)
            #expect(abs(trace.logits[prompt.lastLogits.argmax] - prompt.lastLogits.max) < 1e-3)
            #expect(trace.logits.firstIndex(of: trace.logits.max() ?? 0) == prompt.lastLogits.argmax)
        }
    }

    @Test(arguments: ReferenceModel.all)
    func `greedy continuations are equal`(_ reference: ReferenceModel) throws {
        let prompts = try reference.figures().prompts
        let requests = prompts.map {
            GenerationRequest(tokens: $0.ids, maximumNewTokens: $0.continuationIds.count)
        }
        let results = try Generator(model: try reference.load(threads: 2)).generate(requests)
        for (result, prompt) in zip(results, prompts) {
            #expect(result == GenerationResult(tokens: prompt.continuationIds, finish: .length))
        }
    }

    @Test(arguments: ReferenceModel.families)
    func `the figures hold the cases that go wrong most easily`(_ reference: ReferenceModel) throws {
        let configuration = try ModelFolder(path: reference.folder.path).configuration
        let prompts = try reference.figures().prompts
        let window = configuration.arithmetic.windows.compactMap(\.self).max() ?? 0
        #expect(prompts.contains { $0.ids.count == 1 })
        #expect(prompts.contains { $0.ids.count == configuration.maximumPositions })
        #expect(prompts.contains { $0.ids.count > window })
        // Begun within the window and decoded past it.
        #expect(
            window == 0
                || prompts.contains { $0.ids.count < window && $0.ids.count + $0.continuationIds.count > window })
    }

    @Test(arguments: ReferenceModel.families, [1, 7, 40])
    func `prompts of all lengths in one batch, in pieces, agree too`(_ reference: ReferenceModel, piece: Int) throws {
        let model = try reference.load(threads: 2)
        let prompts = try reference.figures().prompts
        let caches = try prompts.map { _ in try model.makeCache(for: .own) }
        var logits = [[Float]](repeating: [], count: prompts.count)
        for begin in stride(from: 0, to: model.configuration.maximumPositions, by: piece) {
            let slots = prompts.indices.filter { prompts[$0].ids.count > begin }
            let steps = slots.map { slot in
                SequenceStep(
                    cache: caches[slot], tokens: Array(prompts[slot].ids.dropFirst(begin).prefix(piece)), head: .logits)
            }
            for (slot, output) in zip(slots, try model.step(steps)) { logits[slot] = output.logits }
        }
        for (found, prompt) in zip(logits, prompts) {
            #expect(absoluteError(Array(found.prefix(16)), prompt.lastLogits.first16) < 1e-3)
            #expect(found.firstIndex(of: found.max() ?? 0) == prompt.lastLogits.argmax)
        }
    }

    @Test(arguments: ReferenceInjections.all)
    func `injections agree`(_ reference: ReferenceInjections) throws {
        let (modelA, modelB) = (try reference.modelA.load(threads: 1), try reference.modelB.load(threads: 2))
        for pair in try reference.figures().pairs {
            for figures in pair.cases {
                let site = ActivationSite(afterBlocks: figures.j)
                let a = try modelA.residualStreams(of: [pair.idsA], at: ActivationSite(afterBlocks: figures.k))[0]
                #expect(relativeError(a, figures.a) < 1e-4)
                let b = try modelB.residualStreams(of: [pair.idsB], at: site)[0]
                #expect(relativeError(b, figures.b) < 1e-4)

                let operation = try #require(InjectionOperation(rawValue: figures.op))
                let injection = Injection(site: site, operation: operation, vector: figures.projected)
                var stream = b
                stream.withUnsafeMutableBufferPointer { operation.apply(figures.projected, to: $0) }
                #expect(relativeError(stream, figures.injected) < 1e-4)

                let trace = try modelB.trace(of: pair.idsB, injections: [injection])
                #expect(absoluteError(trace.logits, figures.lastLogits.full) < 1e-3)
                let result = try Generator(model: modelB).generate([
                    GenerationRequest(
                        tokens: pair.idsB, injections: [injection], maximumNewTokens: figures.continuationIds.count)
                ])[0]
                #expect(result.tokens == figures.continuationIds)
            }
        }
    }
}
