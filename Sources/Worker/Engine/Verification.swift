import Devices
import Generation
import Models
import Tokenization

/// What `worker verify` finds: every figure of a reference compared with ours.
package struct Verification: Sendable {
    /// One kind of figure over all prompts or cases.
    package struct Check: Sendable {
        package var name: String
        /// Values or cases compared, and how many of them are off.
        package var compared = 0
        package var failed = 0
        /// The largest difference, for figures; what it is relative to is in ``name``.
        package var largest: Double?
        package var tolerance: Double?
        /// The first that is off.
        package var firstFailure: String?

        init(_ name: String, tolerance: Double? = nil) {
            self.name = name
            self.tolerance = tolerance
            if tolerance != nil { largest = 0 }
        }

        fileprivate mutating func note(_ isRight: Bool, _ failure: @autoclosure () -> String) {
            compared += 1
            guard !isRight else { return }
            failed += 1
            if firstFailure == nil { firstFailure = failure() }
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
            note(difference <= tolerance ?? 0, "\(place): off by \(difference)")
        }
    }

    package private(set) var checks: [Check] = []

    package var passed: Bool { checks.allSatisfy { $0.failed == 0 } }

    /// Logits may differ by so much, absolutely.
    package static let logitTolerance = 1e-3
    /// An element of the residual stream may differ by so much, relative to the stream's largest element.
    package static let streamTolerance = 1e-4

    /// Compares all of a reference with what the model and its tokenizer compute.
    package init(_ reference: ModelReference, of model: LoadedModel) throws {
        checks = [Self.tokenizer(reference, model.tokenizer), Self.decoder(reference, model.tokenizer)]
        checks += try Self.activations(reference, model)
        checks += try Self.continuations(reference, model)
        checks.removeAll { $0.compared == 0 }
    }

    // MARK: Tokenizer

    private static func tokenizer(_ reference: ModelReference, _ tokenizer: Tokenizer) -> Check {
        var check = Check("token ids")
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

    private static func decoder(_ reference: ModelReference, _ tokenizer: Tokenizer) -> Check {
        var check = Check("decoded texts")
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

    private static func activations(_ reference: ModelReference, _ model: LoadedModel) throws -> [Check] {
        var streams = Check("residual streams, relative", tolerance: streamTolerance)
        var partial = Check("streams of partial passes, bits")
        var logits = Check("logits, absolute", tolerance: logitTolerance)
        for prompt in reference.prompts {
            let place = prompt.prompt.debugDescription
            let trace = try model.model.trace(of: prompt.ids)
            let expected =
                prompt.residualAfterBlock.map { blocks in
                    (prompt.embeddingLast.map { [(0, $0)] } ?? []) + blocks.enumerated().map { ($0 + 1, $1) }
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
            if let values = prompt.logitsFull { logits.note(trace.logits, values, scale: 1, place) }
            if let last = prompt.lastLogits {
                logits.note(Array(trace.logits.prefix(last.first16.count)), last.first16, scale: 1, place)
            }
        }
        return [streams, partial, logits]
    }

    private static func largest(_ values: [Float]) -> Double {
        max(values.map { Double(abs($0)) }.max() ?? 0, 1e-30)
    }

    private static func continuations(_ reference: ModelReference, _ model: LoadedModel) throws -> [Check] {
        var check = Check("greedy continuations")
        let requests = reference.prompts.map { prompt in
            GenerationRequest(tokens: prompt.ids, maximumNewTokens: prompt.continuationIds.count)
        }
        let results = try Generator(model: model.model, maximumBatch: 8).generate(requests)
        for (prompt, result) in zip(reference.prompts, results) {
            check.note(
                result.tokens == prompt.continuationIds,
                "\(prompt.prompt.debugDescription): expected \(prompt.continuationIds), found \(result.tokens)")
        }
        return [check]
    }
}
