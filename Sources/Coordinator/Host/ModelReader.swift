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
    func prompt(_ text: String, newTokens: Int) throws -> ReadPrompt {
        try model.prompt(text, newTokens: newTokens)
    }

    /// What tokens say, the special ones among them; and how many UTF-16 code units of
    /// that, at its end, are the last token's.
    func text(of tokens: [Int32]) -> (text: String, ofLastToken: Int) {
        let text = model.tokenizer.decode(tokens, skipSpecialTokens: false)
        let last = model.tokenizer.decode(tokens.suffix(1), skipSpecialTokens: false)
        let count = last.utf16.count
        return (text, text.utf16.suffix(count).elementsEqual(last.utf16) ? count : 0)
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

    /// Why a text that W learns from cannot be read by one of them.
    func flaw(ofText text: String, maximumTokens: Int) -> String? {
        a.flaw(ofTexts: [text], maximumTokens: maximumTokens) ?? b.flaw(ofTexts: [text], maximumTokens: maximumTokens)
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
