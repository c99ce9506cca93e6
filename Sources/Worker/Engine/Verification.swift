import Devices
import Generation
import Models
package import Run
import Tokenization

/// How a model and its tokenizer compare with figures of another implementation: every one of them.
package struct Verification: Sendable {
    /// Of each kind that was compared, in the order of ``ParityFigure``.
    package let checks: [ParityCheck]

    package var passed: Bool { checks.allSatisfy { $0.failed == 0 } }

    /// Compares all of a reference with what the model and its tokenizer compute.
    package init(_ reference: ModelReference, of model: LoadedModel) throws {
        let checks =
            [Self.tokenizer(reference, model.tokenizer), Self.decoder(reference, model.tokenizer)]
            + (try Self.activations(reference, model)) + [try Self.continuations(reference, model)]
        self.checks = checks.filter { $0.compared > 0 }
    }

    // MARK: Tokenizer

    private static func tokenizer(_ reference: ModelReference, _ tokenizer: Tokenizer) -> ParityCheck {
        var check = ParityCheck(.tokenIDs)
        for (text, ids) in reference.prompts.map({ ($0.prompt, $0.ids) })
            + reference.tokenizerCases.map({ ($0.text, $0.ids) })
        {
            let found = tokenizer.encode(text)
            check.note(found == ids, "\(text.debugDescription): expected \(ids), found \(found)")
        }
        for prompt in reference.prompts {
            guard let tokens = prompt.tokens else { continue }
            let found = prompt.ids.map { tokenizer.token(for: $0) ?? "" }
            check.note(isSame(found, tokens), "\(prompt.prompt.debugDescription): expected \(tokens), found \(found)")
        }
        return check
    }

    private static func decoder(_ reference: ModelReference, _ tokenizer: Tokenizer) -> ParityCheck {
        var check = ParityCheck(.decodedTexts)
        func compare(_ ids: [Int32], _ expected: String?, skipSpecial: Bool) {
            guard let expected else { return }
            let found = tokenizer.decode(ids, skipSpecialTokens: skipSpecial)
            check.note(
                isSame(found, expected),
                "\(ids): expected \(expected.debugDescription), found \(found.debugDescription)")
        }
        for prompt in reference.prompts {
            compare(prompt.ids, prompt.decoded, skipSpecial: true)
            compare(prompt.continuationIds, prompt.continuationText, skipSpecial: true)
        }
        for item in reference.tokenizerCases {
            compare(item.ids, item.decoded, skipSpecial: true)
            compare(item.ids, item.decodedWithSpecial, skipSpecial: false)
        }
        return check
    }

    /// Equality of scalars: Swift's own takes canonically equivalent texts for equal.
    private static func isSame(_ a: String, _ b: String) -> Bool {
        a.unicodeScalars.elementsEqual(b.unicodeScalars)
    }

    private static func isSame(_ a: [String], _ b: [String]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { isSame($0, $1) }
    }

    // MARK: Model

    private static func activations(_ reference: ModelReference, _ model: LoadedModel) throws -> [ParityCheck] {
        var streams = ParityCheck(.streams)
        var partial = ParityCheck(.partialStreams)
        var logits = ParityCheck(.logits)
        for prompt in reference.prompts {
            let place = prompt.prompt.debugDescription
            let trace = try model.model.trace(of: prompt.ids)
            let expected =
                prompt.residualAfterBlock.map { blocks in
                    (prompt.embeddingLast.map { [(0, $0)] } ?? [])
                        + (0..<blocks.rows).map { ($0 + 1, Array(blocks[row: $0])) }
                } ?? []
            for (layer, values) in expected where layer < trace.streams.count {
                streams.note(trace.streams[layer], values, scale: largest(values), "\(place) after \(layer) blocks")
                let site = ActivationSite(afterBlocks: layer)
                let alone = try model.model.residualStreams(of: [prompt.ids], at: site)
                partial.note(alone == [trace.streams[layer]], "\(place) after \(layer) blocks: other bits")
            }
            if expected.contains(where: { $0.0 >= trace.streams.count }) {
                streams.note(false, "\(place): expected \(expected.count - 1) blocks, found \(trace.streams.count - 1)")
            }
            if let values = prompt.finalNormLast {
                streams.note(trace.finalNorm, values, scale: largest(values), "\(place) after the final norm")
            }
            if let values = prompt.logits { logits.note(trace.logits, values, scale: 1, place) }
            if let values = prompt.firstLogits {
                logits.note(Array(trace.logits.prefix(values.count)), values, scale: 1, place)
            }
        }
        return [streams, partial, logits]
    }

    private static func largest(_ values: [Float]) -> Double {
        max(values.map { Double(abs($0)) }.max() ?? 0, 1e-30)
    }

    private static func continuations(_ reference: ModelReference, _ model: LoadedModel) throws -> ParityCheck {
        var check = ParityCheck(.continuations)
        let requests = reference.prompts.map { prompt in
            GenerationRequest(tokens: prompt.ids, maximumNewTokens: prompt.continuationIds.count)
        }
        let results = try Generator(model: model.model, maximumBatch: 8).generate(requests)
        for (prompt, result) in zip(reference.prompts, results) {
            check.note(
                result.tokens == prompt.continuationIds,
                "\(prompt.prompt.debugDescription): expected \(prompt.continuationIds), found \(result.tokens)")
        }
        return check
    }
}

extension ParityCheck {
    /// Of what is said of the first that is off, so many characters at the most: lists of tokens may be long.
    private static let failureLength = 400

    fileprivate mutating func note(_ isRight: Bool, _ failure: @autoclosure () -> String) {
        compared += 1
        guard !isRight else { return }
        failed += 1
        guard firstFailure == nil else { return }
        let text = failure()
        firstFailure = text.count > Self.failureLength ? text.prefix(Self.failureLength) + "…" : text
    }

    /// Compares vectors by the largest difference of an element over `scale`.
    fileprivate mutating func note(_ found: [Float], _ expected: [Float], scale: Double, _ place: String) {
        guard found.count == expected.count else {
            note(false, "\(place): expected \(expected.count) values, found \(found.count)")
            return
        }
        var difference = 0.0
        for (x, y) in zip(found, expected) {
            let d = abs(Double(x) - Double(y)) / scale
            difference = d.isNaN ? .infinity : max(difference, d)
        }
        largest = max(largest ?? 0, difference)
        note(difference <= figure.tolerance ?? 0, "\(place): off by \(difference)")
    }
}
