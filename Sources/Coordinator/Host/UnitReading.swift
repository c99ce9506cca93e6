import ModelReading
import PlainText
import Run

/// What the models read for the answers to a unit, worked out as workers do it, from the same texts by the same code.
final class UnitReading {
    private let readers: ModelReaders
    private let positions: TokenPositions
    /// Positions that are kept for an answer.
    private let answerTokens: Int
    private var known: [Asked: ReadPrompt] = [:]

    private struct Asked: Hashable {
        let model: ModelSide
        let text: ExactText
        let newTokens: Int
    }

    init(_ unit: EvaluateUnit, _ readers: ModelReaders, at positions: TokenPositions?) {
        self.readers = readers
        self.positions = positions ?? TokenPositions()
        answerTokens = readers.answerTokens(of: unit)
    }

    /// The answering model's prompt.
    func prompt(of item: EvaluationItem, under condition: Condition, told: ToldMessage?) throws -> ReadPrompt {
        var words: String?
        if case .words(let text) = told { words = text }
        guard let text = item.text(for: condition, told: words) else {
            throw HostError.missingPrompt(item: item.id, condition: condition.name)
        }
        return try prompt(text, of: condition.answerer, newTokens: answerTokens)
    }

    /// The prompt that a condition's message comes from; nil where it comes from none.
    func source(of item: EvaluationItem, under condition: Condition) throws -> ReadPrompt? {
        guard let teller = condition.teller, let text = condition.message?.source.flatMap({ item.prompts[$0] }) else {
            return nil
        }
        var newTokens = answerTokens
        if case .words(_, let words) = condition.message { newTokens = words }
        return try prompt(text, of: teller, newTokens: newTokens)
    }

    private func prompt(_ text: String, of model: ModelSide, newTokens: Int) throws -> ReadPrompt {
        let asked = Asked(model: model, text: ExactText(text), newTokens: newTokens)
        if let prompt = known[asked] { return prompt }
        let prompt = try readers[model].prompt(text, newTokens: newTokens, at: positions[model])
        known[asked] = prompt
        return prompt
    }
}
