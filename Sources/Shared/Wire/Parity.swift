import CWireMessages
import Run

// The comparison of a model with another implementation's figures.

extension ParityUnit {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__ParityUnit> {
        let message = writer.new(wire__parity_unit__init)
        (message.pointee.has_model, message.pointee.model) = writer.field(model.code)
        (message.pointee.n_prompts, message.pointee.prompts) = writer.messages(reference.prompts) { $0.write(&$1) }
        (message.pointee.n_tokenizer_cases, message.pointee.tokenizer_cases) =
            writer.messages(reference.tokenizerCases) { $0.write(writer) }
        return message
    }

    init(_ message: Wire__ParityUnit, _ tensors: inout TensorFrames) throws(WireError) {
        let model: ModelSide = try Field.choice(message.has_model, message.model, "model")
        let prompts = try tensors.messages(message.n_prompts, message.prompts, "prompts") {
            (prompt, tensors) throws(WireError) in try ModelReference.Prompt(prompt, &tensors)
        }
        let cases = try Field.messages(message.n_tokenizer_cases, message.tokenizer_cases, "tokenizer_cases") {
            (item) throws(WireError) in try ModelReference.TokenizerCase(item)
        }
        self.init(model: model, reference: ModelReference(prompts: prompts, tokenizerCases: cases))
    }
}

extension ModelReference.Prompt {
    fileprivate func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__ReferencePrompt> {
        let message = writer.new(wire__reference_prompt__init)
        (message.pointee.has_prompt, message.pointee.prompt) = writer.field(prompt)
        (message.pointee.n_ids, message.pointee.ids) = writer.list(ids) { $0 }
        (message.pointee.n_tokens, message.pointee.tokens) = writer.list(tokens ?? [])
        (message.pointee.has_decoded, message.pointee.decoded) = writer.field(decoded)
        (message.pointee.n_continuation_ids, message.pointee.continuation_ids) = writer.list(continuationIds) { $0 }
        (message.pointee.has_continuation_text, message.pointee.continuation_text) = writer.field(continuationText)
        message.pointee.first_logits = Self.row(firstLogits, &writer)
        message.pointee.logits = Self.row(logits, &writer)
        message.pointee.residual_after_block = residualAfterBlock.map { writer.matrix($0) }
        message.pointee.embedding_last = Self.row(embeddingLast, &writer)
        message.pointee.final_norm_last = Self.row(finalNormLast, &writer)
        return message
    }

    private static func row(_ values: [Float]?, _ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__Matrix>? {
        values.map { writer.matrix(FloatMatrix(rows: 1, columns: $0.count, values: $0)) }
    }

    fileprivate init(_ message: Wire__ReferencePrompt, _ tensors: inout TensorFrames) throws(WireError) {
        let ids = try Field.tokens(message.n_ids, message.ids, "ids")
        let tokens = try Field.texts(message.n_tokens, message.tokens, "tokens")
        guard tokens.isEmpty || tokens.count == ids.count else {
            throw WireError(field: "tokens", expected: "none, or \(ids.count)", found: "\(tokens.count)")
        }
        self.init(
            prompt: try Field.text(message.has_prompt, message.prompt, "prompt"), ids: ids,
            tokens: tokens.isEmpty ? nil : tokens,
            decoded: try Field.optionalText(message.has_decoded, message.decoded, "decoded"),
            continuationIds: try Field.tokens(
                message.n_continuation_ids, message.continuation_ids, "continuation_ids"),
            continuationText: try Field.optionalText(
                message.has_continuation_text, message.continuation_text, "continuation_text"),
            firstLogits: try Self.row(message.first_logits, "first_logits", &tensors),
            logits: try Self.row(message.logits, "logits", &tensors),
            residualAfterBlock: message.residual_after_block == nil
                ? nil : try tensors.matrix(message.residual_after_block, "residual_after_block"),
            embeddingLast: try Self.row(message.embedding_last, "embedding_last", &tensors),
            finalNormLast: try Self.row(message.final_norm_last, "final_norm_last", &tensors))
    }

    private static func row(
        _ header: UnsafeMutablePointer<Wire__Matrix>?, _ name: String, _ tensors: inout TensorFrames
    ) throws(WireError) -> [Float]? {
        guard header != nil else { return nil }
        let matrix = try tensors.matrix(header, name)
        guard matrix.rows == 1 else { throw WireError(field: name, expected: "1 row", found: "\(matrix.rows)") }
        return matrix.values
    }
}

extension ModelReference.TokenizerCase {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__ReferenceText> {
        let message = writer.new(wire__reference_text__init)
        (message.pointee.has_text, message.pointee.text) = writer.field(text)
        (message.pointee.n_ids, message.pointee.ids) = writer.list(ids) { $0 }
        (message.pointee.has_decoded, message.pointee.decoded) = writer.field(decoded)
        (message.pointee.has_decoded_with_special, message.pointee.decoded_with_special) =
            writer.field(decodedWithSpecial)
        return message
    }

    fileprivate init(_ message: Wire__ReferenceText) throws(WireError) {
        self.init(
            text: try Field.text(message.has_text, message.text, "text"),
            ids: try Field.tokens(message.n_ids, message.ids, "ids"),
            decoded: try Field.optionalText(message.has_decoded, message.decoded, "decoded"),
            decodedWithSpecial: try Field.optionalText(
                message.has_decoded_with_special, message.decoded_with_special, "decoded_with_special"))
    }
}

extension ParityResult {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__ParityResult> {
        let message = writer.new(wire__parity_result__init)
        (message.pointee.n_checks, message.pointee.checks) = writer.messages(checks) { check in
            let message = writer.new(wire__parity_check__init)
            (message.pointee.has_figure, message.pointee.figure) = writer.field(check.figure.code)
            (message.pointee.has_compared, message.pointee.compared) = writer.field(check.compared)
            (message.pointee.has_failed, message.pointee.failed) = writer.field(check.failed)
            (message.pointee.has_largest, message.pointee.largest) = writer.field(check.largest)
            (message.pointee.has_first_failure, message.pointee.first_failure) = writer.field(check.firstFailure)
            return message
        }
        return message
    }

    init(_ message: Wire__ParityResult) throws(WireError) {
        self.init(
            checks: try Field.messages(message.n_checks, message.checks, "checks") { (check) throws(WireError) in
                try ParityCheck(check)
            })
    }
}

extension ParityCheck {
    fileprivate init(_ message: Wire__ParityCheck) throws(WireError) {
        let figure: ParityFigure = try Field.choice(message.has_figure, message.figure, "figure")
        let largest = message.has_largest == 0 ? nil : message.largest
        guard (largest == nil) == (figure.tolerance == nil), largest.map({ $0 >= 0 }) ?? true else {
            throw WireError(
                field: "largest", expected: figure.tolerance == nil ? "none" : "a difference of at least 0",
                found: largest.map { "\($0)" } ?? "none")
        }
        self.init(
            figure, compared: try Field.number(message.has_compared, message.compared, "compared"),
            failed: try Field.number(message.has_failed, message.failed, "failed"), largest: largest,
            firstFailure: try Field.optionalText(message.has_first_failure, message.first_failure, "first_failure"))
    }
}
