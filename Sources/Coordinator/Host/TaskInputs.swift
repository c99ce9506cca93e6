import Evaluation
import Run

extension RunInputs {
    /// One task's items, in the order of evaluation, and what is asked about them.
    struct TaskInputs: Sendable {
        var task: TaskDefinition
        var items: [TaskItem]
        /// Items of the file.
        var originalCount: Int
        /// The same items as workers get them.
        var prompts: [EvaluationItem]
        var conditions: [ConditionDefinition]
        /// Of each item the places of the other items whose messages take the place of its own, the first of them the
        /// prompt role `other(1)`; and how many of them a repeated condition is asked with.
        var others: [[Int]]
        var othersCount: Int
        /// What a reader must know of them; nil where they are as many as were asked for.
        var othersRemark: String?
        /// What is asked for the conditions.
        var asked: AskedConditions
        var gates: AskedGates
        /// What A reads of the items that noise is drawn like; none where no condition is told that.
        var sample: [String]
        var form: AnswerForm
    }
}

extension RunInputs.TaskInputs {
    /// - Parameters:
    ///   - items: chosen and readable; at least two.
    ///   - originalCount: of the file.
    ///   - conditions: that are wanted.
    init(
        _ task: TaskDefinition, _ items: [TaskItem], of originalCount: Int, _ conditions: [ConditionDefinition],
        _ evaluation: EvaluationConfiguration
    ) throws {
        let others = try ChosenOthers(among: items, of: task, conditions, evaluation)
        let prompts = try Prompts.evaluationItems(
            items, of: task, bPrompt: evaluation.bPrompt, others: others.places)
        // What is asked twice gives way, but for what was asked for by name.
        let distinct =
            evaluation.conditions == nil
            ? ConditionTable.distinct(others.conditions, of: prompts) : others.conditions
        let asked = AskedConditions(distinct, of: prompts, others: others.count, endpoints: evaluation.endpoints)
        self.init(
            task: task, items: items, originalCount: originalCount, prompts: prompts, conditions: distinct,
            others: others.places, othersCount: others.count, othersRemark: others.remark, asked: asked,
            gates: AskedGates(beside: asked.asked, of: prompts),
            sample: asked.asked.contains { $0.message == .matched } ? Prompts.sample(of: prompts) : [],
            form: task.answer(evaluation.preset))
    }

    /// What units of a channel ask: those of the first also what depends on no channel; the first unit of each also
    /// what the gates need.
    func conditions(ofChannel channel: Int, isFirst: Bool) -> [Condition] {
        let references = asked.references.joined()
        let own = asked.asked.enumerated().filter { place, condition in
            channel == 0 || condition.usesChannel || references.contains(place)
        }.map(\.element)
        return isFirst ? own + gates.needed.filter { !own.contains($0) } : own
    }

    /// The places among a unit's conditions of those that the first token's distributions are held against.
    func references(in conditions: [Condition]) -> [[Int]] {
        asked.references.map { places in places.compactMap { conditions.firstIndex(of: asked.asked[$0]) } }
    }

    /// An item's answers over a channel, in the order of what is ``asked``.
    /// - Parameters:
    ///   - first: the answers of the first channel's unit.
    ///   - own: those of this channel's.
    func merged(first: ItemAnswers, own: ItemAnswers, channel: Int) -> [Answer] {
        let conditions = conditions(ofChannel: channel, isFirst: false)
        return asked.asked.enumerated().map { place, condition in
            conditions.firstIndex(of: condition).map { own.answers[$0] } ?? first.answers[place]
        }
    }
}
