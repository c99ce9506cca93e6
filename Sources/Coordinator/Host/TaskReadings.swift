import Evaluation
import ModelReading
import Reports
import Run

/// What the models read of each item of a task, for the files: worked out from the items and from what was told in
/// words, by the tokenizers that workers have.
struct TaskReadings {
    private let task: RunInputs.TaskInputs
    private let readers: ModelReaders
    private let channel: Channel
    private let positions: TokenPositions?

    init(
        _ task: RunInputs.TaskInputs, _ readers: ModelReaders, over channel: Channel, at positions: TokenPositions?
    ) {
        self.task = task
        self.readers = readers
        self.channel = channel
        self.positions = positions
    }

    /// In the order of the items.
    /// - Parameter answers: of each item, by condition, as they are reported.
    func items(_ answers: [[[Answer]]]) throws -> [ItemReading] {
        try zip(task.items.indices, answers).map { try item($0, $1) }
    }

    private func item(_ place: Int, _ answers: [[Answer]]) throws -> ItemReading {
        let item = task.prompts[place]
        let unit = EvaluateUnit(
            task: task.task.name, channel: channel, conditions: [], items: [item], form: task.form)
        let reading = UnitReading(unit, readers, at: positions)
        let asked = task.conditions.map { $0.asked(others: task.othersCount) }
        var prompts = ReadPrompts(readers)
        // What A's messages come from stands first: its name is then the same in all lines, where partners look for it.
        for condition in asked.joined() where condition.teller == .a {
            var own = condition
            if case .other = condition.message?.source { own.message = condition.message?.of(.a) }
            if let source = try reading.source(of: item, under: own), let (teller, role) = own.source {
                prompts.add(source, of: teller, called: [role.rawValue, condition.name])
            }
        }
        let found = try zip(task.conditions, zip(asked, answers)).map { definition, answered in
            try zip(answered.0, answered.1).map { condition, answer in
                let read = try reading.prompt(of: item, under: condition, told: answer.told)
                // Words are a part of what is read.
                let name = condition.message?.isInjected == false ? definition.name : condition.prompt.rawValue
                return ItemReading.AnswerReading(
                    prompt: prompts.add(read, of: condition.answerer, called: [name, condition.name]),
                    message: try message(answer.told, condition, read, reading, place, &prompts))
            }
        }
        return ItemReading(prompts: prompts.list, answers: found)
    }

    private func message(
        _ told: ToldMessage?, _ condition: Condition, _ read: ReadPrompt, _ reading: UnitReading, _ place: Int,
        _ prompts: inout ReadPrompts
    ) throws -> ItemReading.Message? {
        guard let told, let message = condition.message else { return nil }
        let source = try reading.source(of: task.prompts[place], under: condition)
        /// Of several tokens those that both prompts have, from the end.
        let count = [read, source].compactMap { $0?.places?.count }.min() ?? 0
        func position(_ model: ModelSide, _ prompt: ReadPrompt) -> ItemReading.Position? {
            guard message.isInjected, let places = prompt.places else { return nil }
            return ItemReading.Position(
                model: model, blocks: channel.blocks(of: model),
                tokens: places.upperBound - count..<places.upperBound)
        }
        var found = ItemReading.Message(told: told, written: position(condition.answerer, read))
        guard let (teller, role) = condition.source, let source else { return found }
        found.source = ItemReading.Source(model: teller, read: position(teller, source))
        if case .other(let number) = role {
            found.partner = task.others[place][number - 1]
        } else {
            found.source?.prompt = prompts.add(source, of: teller, called: [role.rawValue, condition.name])
        }
        return found
    }
}

extension Condition {
    /// Who reads the prompt that the message comes from, and which that is.
    fileprivate var source: (teller: ModelSide, role: PromptRole)? {
        guard let teller, let role = message?.source else { return nil }
        return (teller, role)
    }
}

/// The prompts that an item's answers rest on, each once.
private struct ReadPrompts {
    private let readers: ModelReaders
    private(set) var list: [ItemReading.Prompt] = []

    init(_ readers: ModelReaders) {
        self.readers = readers
    }

    /// - Parameter names: the first that no other prompt of the model has is its name.
    /// - Returns: its place in the list.
    @discardableResult
    mutating func add(_ prompt: ReadPrompt, of model: ModelSide, called names: [String]) -> Int {
        if let place = list.firstIndex(where: { $0.model == model && $0.tokens == prompt.tokens }) { return place }
        let candidates = (names + ["\(list.count)"]).map { "\(model.rawValue.lowercased())/\($0)" }
        let name = candidates.first { name in !list.contains { $0.name == name } } ?? "\(list.count)"
        let places = prompt.places ?? prompt.tokens.count - 1..<prompt.tokens.count
        let (text, marked, behind) = readers[model].text(of: prompt.tokens, markedAt: places)
        list.append(
            ItemReading.Prompt(
                name: name, model: model, text: text,
                mark: ItemReading.Mark(
                    token: places.count == 1 ? places.lowerBound : nil, units: marked, unitsBehind: behind),
                tokens: prompt.tokens,
                omitted: prompt.omitted))
        return list.count - 1
    }
}
