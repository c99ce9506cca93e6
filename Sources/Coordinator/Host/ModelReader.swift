import Evaluation
import Foundation
import ModelReading
import PlainText
import Run

/// What one of the run's models can read, known from its folder without its weights: each of a text's tokens has a row
/// of the embedding, and there is one at least.
struct ModelReader: Sendable {
    fileprivate let model: ReadableModel

    init(_ model: ReadableModel) { self.model = model }

    /// Whether no text can be out of its reach: the tokenizer knows no token that the model lacks, and wraps every text
    /// in one of its own.
    private var readsAll: Bool {
        model.tokenizer.vocabularySize <= model.folder.configuration.vocabularySize && model.template == nil
            && !model.tokenizer.encode("").isEmpty
    }

    /// Why the texts cannot be read, of the first that cannot; nil where all can.
    /// - Parameter maximumTokens: where texts are cut on the right.
    func flaw(ofTexts texts: [String], maximumTokens: Int) -> String? {
        if readsAll { return nil }
        let limit = min(maximumTokens, model.folder.configuration.maximumPositions)
        return texts.lazy.compactMap { flaw(of: model.tokenizer.encode($0).prefix(limit)) }.first
    }

    /// Why one of the prompts has no token at a position, of the first that has none.
    func flaw(of position: TokenPosition, inPrompts prompts: [String]) -> String? {
        guard position != .last, position != .all else { return nil }
        return prompts.lazy.compactMap { prompt in
            do {
                return try model.flaw(of: position, in: prompt)
            } catch {
                return "\(error)"
            }
        }.first
    }

    /// The same for prompts, which are written into the chat template where there is one.
    func flaw(ofPrompts prompts: [String]) -> String? {
        if readsAll { return nil }
        return prompts.lazy.compactMap { prompt in
            do {
                return flaw(of: try model.tokens(ofPrompt: prompt)[...])
            } catch {
                return "\(error)"
            }
        }.first
    }

    // MARK: Prompts

    /// A prompt as workers read it.
    func prompt(_ text: String, newTokens: Int, at position: TokenPosition) throws -> ReadPrompt {
        try model.prompt(text, newTokens: newTokens, at: position)
    }

    /// What tokens say, the special ones among them; and how many UTF-16 code units of that are the token's at `places`, and
    /// how many stand behind these. None are where several tokens are meant, or where the token by itself says something
    /// else than there.
    func text(of tokens: [Int32], markedAt places: Range<Int>) -> (text: String, marked: Int, behind: Int) {
        func said(_ tokens: ArraySlice<Int32>) -> String {
            model.tokenizer.decode(Array(tokens), skipSpecialTokens: false)
        }
        let text = said(tokens[...])
        guard places.count == 1 else { return (text, 0, 0) }
        let (marked, behind) = (said(tokens[places]), said(tokens[places.upperBound...]))
        let end = text.utf16.suffix(marked.utf16.count + behind.utf16.count)
        let isThere = end.elementsEqual(Array(marked.utf16) + Array(behind.utf16))
        return (text, isThere ? marked.utf16.count : 0, isThere ? behind.utf16.count : 0)
    }

    // MARK: Counts

    var blockCount: Int { model.folder.configuration.blockCount }

    /// Tokens of a text, cut as workers cut it.
    func tokenCount(ofText text: String, maximumTokens: Int) -> Int {
        min(model.tokenizer.encode(text).count, maximumTokens, model.folder.configuration.maximumPositions)
    }

    /// Tokens of a prompt, at most as many as there are positions; 0 of one that cannot be written.
    func tokenCount(ofPrompt prompt: String) -> Int {
        min((try? model.tokens(ofPrompt: prompt))?.count ?? 0, model.folder.configuration.maximumPositions)
    }

    private func flaw(of tokens: ArraySlice<Int32>) -> String? {
        let name = model.folder.url.lastPathComponent
        if tokens.isEmpty { return "the tokenizer of \(name) makes no token of it" }
        let size = model.folder.configuration.vocabularySize
        guard let token = tokens.first(where: { $0 < 0 || Int($0) >= size }) else { return nil }
        let text = PrintableText.quoted(model.tokenizer.token(for: token) ?? "")
        return "token \(token) (\"\(text)\") is none of \(name), whose vocabulary ends at \(size - 1)"
    }
}

/// Both models as readers.
struct ModelReaders: Sendable {
    let a: ModelReader
    let b: ModelReader

    subscript(side: ModelSide) -> ModelReader { side == .a ? a : b }

    /// Positions that workers keep for an answer of the unit's.
    func answerTokens(of unit: EvaluateUnit) -> Int {
        unit.answerTokens(of: a.model, and: b.model)
    }

    /// The same for prompts with all of these choices.
    func answerTokens(of form: AnswerForm, choices: [String]) -> Int {
        form.answerTokens(choices: choices, of: a.model, and: b.model)
    }

    /// Why a text that W learns from cannot be read by one of them.
    func flaw(ofText text: String, maximumTokens: Int) -> String? {
        a.flaw(ofTexts: [text], maximumTokens: maximumTokens) ?? b.flaw(ofTexts: [text], maximumTokens: maximumTokens)
    }

    /// Why a prompt cannot be read by one of them, or has no token at its position.
    func flaw(ofPrompt text: String, at positions: TokenPositions) -> String? {
        a.flaw(ofPrompts: [text]) ?? b.flaw(ofPrompts: [text]) ?? a.flaw(of: positions.a, inPrompts: [text])
            ?? b.flaw(of: positions.b, inPrompts: [text])
    }

    /// Why an item's prompts have no token where activations are read or written under the conditions.
    func flaw(of positions: TokenPositions, in prompts: ItemPrompts, _ conditions: [Condition]) -> String? {
        if positions.areAll { return flaw(ofAlignment: prompts, conditions) }
        func texts(_ side: ModelSide) -> [String] {
            let injected = conditions.filter { $0.message?.isInjected ?? false }
            let roles =
                injected.filter { $0.answerer == side }.map(\.prompt)
                + injected.filter { $0.teller == side }.compactMap { $0.message?.source }
            // Of other items each is looked at as itself. In one order, so that the same is named at every run.
            return PromptRole.own.filter(roles.contains).map { prompts[$0] }
        }
        return a.flaw(of: positions.a, inPrompts: texts(.a)) ?? b.flaw(of: positions.b, inPrompts: texts(.b))
    }

    /// Why the tokens of an item's prompts cannot be laid side by side from the end: of one text the models have as many.
    private func flaw(ofAlignment prompts: ItemPrompts, _ conditions: [Condition]) -> String? {
        for condition in conditions where condition.teller == .a && condition.answerer == .b {
            guard condition.message?.isInjected ?? false, let source = condition.message?.source,
                PromptRole.own.contains(source), prompts[source] == prompts[condition.prompt]
            else { continue }
            if let flaw = flaw(ofAlignment: prompts[source]) { return flaw }
        }
        return nil
    }

    /// Why the tokens of a text that both models read cannot be laid side by side.
    func flaw(ofAlignment text: String) -> String? {
        let (ofA, ofB) = (a.tokenCount(ofPrompt: text), b.tokenCount(ofPrompt: text))
        guard ofA != ofB else { return nil }
        return
            "the same text is \(ofA) tokens of A and \(ofB) of B, which cannot be aligned: --position all takes models "
            + "that read it alike"
    }

    /// Why an item's prompts, as the conditions have them read, cannot be read.
    /// - Parameter continuations: choices and right answers.
    func flaw(of prompts: ItemPrompts, continuations: [String], _ conditions: [Condition]) -> String? {
        func texts(_ side: ModelSide) -> [String] {
            let answered = Set(conditions.filter { $0.answerer == side }.map(\.prompt))
            let told = Set(conditions.filter { $0.teller == side }.compactMap { $0.message?.source })
            // In one order, so that the same is named at every run.
            func chosen(_ roles: Set<PromptRole>) -> [String] {
                (PromptRole.own + [.other(1)]).filter(roles.contains).map { prompts[$0] }
            }
            return chosen(answered).flatMap { text in [text] + continuations.map { text + $0 } } + chosen(told)
        }
        return a.flaw(ofPrompts: texts(.a)) ?? b.flaw(ofPrompts: texts(.b))
    }
}
