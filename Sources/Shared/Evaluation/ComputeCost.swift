package import Run

/// The two models of a run, and whether a W lies between them.
package struct PairShape: Codable, Hashable, Sendable {
    package var a: ModelShape
    package var b: ModelShape
    package var isProjected: Bool

    package init(a: ModelShape, b: ModelShape, isProjected: Bool) {
        self.a = a
        self.b = b
        self.isProjected = isProjected
    }

    /// What one answer under a condition takes, in floating-point operations: as the paper counts, and as done.
    package func operations(of cost: Cost, under condition: Condition) -> (paper: Double, done: Double) {
        let (answering, answer) = condition.answerer == .a ? (a, cost.passesOfA) : (b, cost.passesOfB)
        var paper = answering.paperAnswer(promptTokens: cost.promptTokens, passes: answer.count)
        var done = answering.done(answer.tokens, blocks: answer.blocks, heads: answer.count)
        let own = cost.passesOfBForMessage
        let isInjected = condition.message?.isInjected ?? false
        if own.count > 0 {
            paper +=
                isInjected
                ? b.paperMessage(tokens: own.tokens, blocks: own.blocks)
                : b.paperAnswer(promptTokens: own.tokens - own.count + 1, passes: own.count)
            done += b.done(own.tokens, blocks: own.blocks, heads: isInjected ? 0 : own.count)
        }
        guard condition.answerer == .b, cost.passesOfA.count > 0 else { return (paper, done) }
        let told = cost.passesOfA
        if isInjected {
            // A W is applied to each vector of the message.
            let vectors = Double(cost.messageBytes) / Double(4 * b.width)
            let projection = isProjected ? 2 * Double(a.width) * Double(b.width) * vectors : 0
            paper += a.paperMessage(tokens: told.tokens, blocks: told.blocks) + projection
            done += a.done(told.tokens, blocks: told.blocks, heads: 0) + projection
        } else {
            paper += a.paperAnswer(promptTokens: told.tokens - told.count + 1, passes: told.count)
            done += a.done(told.tokens, blocks: told.blocks, heads: told.count)
        }
        return (paper, done)
    }
}

/// What an answer under a condition takes, averaged over the items (and over the answers of a repeated condition).
package struct MeanCost: Hashable, Sendable {
    package let condition: ConditionDefinition
    package var promptTokens = 0.0
    package var newTokens = 0.0
    /// Read and written by A for the message, and read by B for its own.
    package var messageTokens = 0.0
    package var messageBytes = 0.0
    package var paperOperations = 0.0
    package var operations = 0.0

    package init(condition: ConditionDefinition) {
        self.condition = condition
    }
}

extension TaskScores {
    /// In the order of ``conditions``.
    package func costs(_ shape: PairShape) -> [MeanCost] {
        conditions.enumerated().map { place, condition in
            var mean = MeanCost(condition: condition)
            let answers = items.flatMap { $0.answers[place].answers }
            let share = 1 / Double(answers.count)
            for cost in answers.map(\.answer.cost) {
                let operations = shape.operations(of: cost, under: condition.condition)
                let told = condition.condition.answerer == .b ? cost.passesOfA.tokens : 0
                mean.promptTokens += share * Double(cost.promptTokens)
                mean.newTokens += share * Double(cost.newTokens)
                mean.messageTokens += share * Double(told + cost.passesOfBForMessage.tokens)
                mean.messageBytes += share * Double(cost.messageBytes)
                mean.paperOperations += share * operations.paper
                mean.operations += share * operations.done
            }
            return mean
        }
    }
}
