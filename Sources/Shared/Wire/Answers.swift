import CWireMessages
import Run

// What is answered to the experiments' units.

extension Answer {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Answer> {
        let message = writer.new(wire__answer__init)
        (message.pointee.n_tokens, message.pointee.tokens) = writer.list(tokens) { $0 }
        (message.pointee.has_text, message.pointee.text) = writer.field(text)
        (message.pointee.n_likelihoods, message.pointee.likelihoods) = writer.list(likelihoods) { $0 }
        (message.pointee.has_omitted_prompt_tokens, message.pointee.omitted_prompt_tokens) =
            writer.field(omittedPromptTokens)
        message.pointee.cost = cost.write(writer)
        (message.pointee.n_golds, message.pointee.golds) = writer.messages(golds) { $0.write(writer) }
        (message.pointee.n_divergences, message.pointee.divergences) = writer.list(divergences) { $0 }
        (message.pointee.has_prompt_digest, message.pointee.prompt_digest) =
            writer.field(promptDigest.isEmpty ? nil : promptDigest)
        switch told {
        case .vector(let digest, let norm):
            let vector = writer.new(wire__told_vector__init)
            (vector.pointee.has_digest, vector.pointee.digest) = writer.field(digest)
            (vector.pointee.has_norm, vector.pointee.norm) = writer.field(norm as Double?)
            message.pointee.told_case = WIRE__ANSWER__TOLD_VECTOR
            message.pointee.vector = vector
        case .words(let words):
            message.pointee.told_case = WIRE__ANSWER__TOLD_WORDS
            message.pointee.words = writer.field(words).1
        case nil: break
        }
        return message
    }

    fileprivate init(_ message: Wire__Answer) throws(WireError) {
        self.init(
            tokens: try Field.tokens(message.n_tokens, message.tokens, "tokens"),
            text: try Field.text(message.has_text, message.text, "text"),
            likelihoods: try Field.list(message.n_likelihoods, message.likelihoods, "likelihoods") {
                (value) throws(WireError) in try Field.logarithm(value)
            },
            golds: try Field.messages(message.n_golds, message.golds, "golds") {
                (gold) throws(WireError) in try GoldLikelihood(gold)
            },
            divergences: try Field.list(message.n_divergences, message.divergences, "divergences") {
                (value) throws(WireError) in
                guard (0...0.7).contains(value) else {
                    throw WireError(expected: "a divergence from 0 to ln 2", found: "\(value)")
                }
                return value
            },
            omittedPromptTokens: try Field.number(
                message.has_omitted_prompt_tokens, message.omitted_prompt_tokens, "omitted_prompt_tokens"),
            cost: try Cost(message.cost, "cost"),
            promptDigest: try message.has_prompt_digest == 0
                ? "" : Field.digest(message.has_prompt_digest, message.prompt_digest, "prompt_digest"),
            told: try Self.told(message))
    }

    private static func told(_ message: Wire__Answer) throws(WireError) -> ToldMessage? {
        switch message.told_case {
        case WIRE__ANSWER__TOLD_VECTOR:
            let vector = try Field.message(message.vector, "vector")
            return try within("vector") { () throws(WireError) in
                .vector(
                    digest: try Field.digest(vector.has_digest, vector.digest, "digest"),
                    norm: try Field.measure(vector.has_norm, vector.norm, "norm"))
            }
        case WIRE__ANSWER__TOLD_WORDS: return .words(try Field.text(1, message.words, "words"))
        default: return nil
        }
    }
}

extension GoldLikelihood {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__GoldLikelihood> {
        let message = writer.new(wire__gold_likelihood__init)
        (message.pointee.has_whole, message.pointee.whole) = writer.field(whole as Double?)
        (message.pointee.has_tokens, message.pointee.tokens) = writer.field(tokens)
        return message
    }

    fileprivate init(_ message: Wire__GoldLikelihood) throws(WireError) {
        let whole: Double = try Field.value(message.has_whole, message.whole, "whole")
        self.init(
            whole: try within("whole") { () throws(WireError) in try Field.logarithm(whole) },
            tokens: try Field.number(message.has_tokens, message.tokens, "tokens", in: 1...WireLimits.tokens))
    }
}

extension Cost {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Cost> {
        let message = writer.new(wire__cost__init)
        (message.pointee.has_prompt_tokens, message.pointee.prompt_tokens) = writer.field(promptTokens)
        (message.pointee.has_new_tokens, message.pointee.new_tokens) = writer.field(newTokens)
        message.pointee.passes_of_a = passesOfA.write(writer)
        message.pointee.passes_of_b = passesOfB.write(writer)
        message.pointee.passes_of_b_for_message = passesOfBForMessage.write(writer)
        (message.pointee.has_message_bytes, message.pointee.message_bytes) = writer.field(messageBytes)
        return message
    }

    fileprivate init(_ pointer: UnsafeMutablePointer<Wire__Cost>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            Cost(
                promptTokens: try Field.number(message.has_prompt_tokens, message.prompt_tokens, "prompt_tokens"),
                newTokens: try Field.number(message.has_new_tokens, message.new_tokens, "new_tokens"),
                passesOfA: try Passes(message.passes_of_a, "passes_of_a"),
                passesOfB: try Passes(message.passes_of_b, "passes_of_b"),
                passesOfBForMessage: try Passes(message.passes_of_b_for_message, "passes_of_b_for_message"),
                messageBytes: try Field.number(message.has_message_bytes, message.message_bytes, "message_bytes"))
        }
    }
}

extension Cost.Passes {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Passes> {
        let message = writer.new(wire__passes__init)
        (message.pointee.has_count, message.pointee.count) = writer.field(count)
        (message.pointee.has_blocks, message.pointee.blocks) = writer.field(blocks)
        (message.pointee.has_tokens, message.pointee.tokens) = writer.field(tokens)
        return message
    }

    fileprivate init(_ pointer: UnsafeMutablePointer<Wire__Passes>?, _ name: String) throws(WireError) {
        let message = try Field.message(pointer, name)
        self = try within(name) { () throws(WireError) in
            Cost.Passes(
                count: try Field.number(message.has_count, message.count, "count"),
                blocks: try Field.number(message.has_blocks, message.blocks, "blocks", in: 0...WireLimits.layers),
                tokens: try Field.number(message.has_tokens, message.tokens, "tokens"))
        }
    }
}

extension WrittenText {
    fileprivate func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__WrittenText> {
        let message = writer.new(wire__written_text__init)
        (message.pointee.n_tokens, message.pointee.tokens) = writer.list(tokens) { $0 }
        (message.pointee.has_text, message.pointee.text) = writer.field(text)
        (message.pointee.has_omitted_prompt_tokens, message.pointee.omitted_prompt_tokens) =
            writer.field(omittedPromptTokens)
        return message
    }

    fileprivate init(_ message: Wire__WrittenText) throws(WireError) {
        self.init(
            tokens: try Field.tokens(message.n_tokens, message.tokens, "tokens"),
            text: try Field.text(message.has_text, message.text, "text"),
            omittedPromptTokens: try Field.number(
                message.has_omitted_prompt_tokens, message.omitted_prompt_tokens, "omitted_prompt_tokens"))
    }
}

extension SimilarityResult {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__SimilarityResult> {
        let message = writer.new(wire__similarity_result__init)
        message.pointee.plain = plain.write(writer)
        message.pointee.injected = injected.write(writer)
        return message
    }

    init(_ message: Wire__SimilarityResult) throws(WireError) {
        self.init(
            plain: try within("plain") { () throws(WireError) in try WrittenText(try Field.message(message.plain, ""))
            },
            injected: try within("injected") { () throws(WireError) in
                try WrittenText(try Field.message(message.injected, ""))
            })
    }
}

extension EvaluateResult {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__EvaluateResult> {
        let message = writer.new(wire__evaluate_result__init)
        (message.pointee.n_items, message.pointee.items) = writer.messages(items) { item in
            let answers = writer.new(wire__item_answers__init)
            (answers.pointee.n_answers, answers.pointee.answers) = writer.messages(item.answers) { $0.write(writer) }
            return answers
        }
        return message
    }

    init(_ message: Wire__EvaluateResult) throws(WireError) {
        self.init(
            items: try Field.messages(message.n_items, message.items, "items") { (item) throws(WireError) in
                ItemAnswers(
                    answers: try Field.messages(item.n_answers, item.answers, "answers") {
                        (answer) throws(WireError) in try Answer(answer)
                    })
            })
    }
}

extension Field {
    /// Of a probability.
    fileprivate static func logarithm(_ value: Double) throws(WireError) -> Double {
        guard value <= 0, value.isFinite else {
            throw WireError(expected: "a finite logarithm of a probability", found: "\(value)")
        }
        return value
    }
}
