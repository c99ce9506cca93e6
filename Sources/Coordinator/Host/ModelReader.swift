import ChatTemplates
import Evaluation
import Foundation
import ModelFolders
import PlainText
import Run
import Tokenization

/// What one of the run's models can read, known from its folder without its weights: each of a text's tokens has a row
/// of the embedding, and there is one at least.
struct ModelReader {
    private let folder: ModelFolder
    private let template: ChatTemplate?
    private let tokenizer: Tokenizer

    /// - Parameter chat: whether prompts are written into the model's chat template.
    init(_ folder: ModelFolder, chat: Bool) throws {
        self.folder = folder
        template = try chat ? ChatTemplate(folder: folder.url) : nil
        tokenizer = try Tokenizer(folder: folder.url)
    }

    /// Whether no text can be out of its reach: the tokenizer knows no token that the model lacks, and wraps every text
    /// in one of its own.
    private var readsAll: Bool {
        tokenizer.vocabularySize <= folder.configuration.vocabularySize && template == nil
            && !tokenizer.encode("").isEmpty
    }

    /// Why the texts cannot be read, of the first that cannot; nil where all can.
    /// - Parameter maximumTokens: where texts are cut on the right.
    func flaw(ofTexts texts: [String], maximumTokens: Int) -> String? {
        if readsAll { return nil }
        let limit = min(maximumTokens, folder.configuration.maximumPositions)
        return texts.lazy.compactMap { flaw(of: tokenizer.encode($0).prefix(limit)) }.first
    }

    /// The same for prompts, which are written into the chat template where there is one.
    func flaw(ofPrompts prompts: [String]) -> String? {
        if readsAll { return nil }
        return prompts.lazy.compactMap { prompt in
            do {
                guard let template else { return flaw(of: tokenizer.encode(prompt)[...]) }
                return flaw(of: tokenizer.encode(try template.prompt(user: prompt), addSpecialTokens: false)[...])
            } catch {
                return "\(error)"
            }
        }.first
    }

    private func flaw(of tokens: ArraySlice<Int32>) -> String? {
        let name = folder.url.lastPathComponent
        if tokens.isEmpty { return "the tokenizer of \(name) makes no token of it" }
        let size = folder.configuration.vocabularySize
        guard let token = tokens.first(where: { $0 < 0 || Int($0) >= size }) else { return nil }
        let text = PrintableText.quoted(tokenizer.token(for: token) ?? "")
        return "token \(token) (\"\(text)\") is none of \(name), whose vocabulary ends at \(size - 1)"
    }
}

/// Both models as readers.
struct ModelReaders {
    let a: ModelReader
    let b: ModelReader

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

extension Condition {
    /// Who reads the prompt that the message comes from.
    fileprivate var teller: ModelSide {
        if case .own = message { answerer } else { .a }
    }
}
