import ModelReading
import Run
import Storage

extension RunInputs {
    /// Why a result cannot be an answer to the unit; nil where it can be.
    ///
    /// Results come over the network: their shapes are checked before anything is computed with them.
    func flaw(of result: UnitResult, for id: UnitID) -> String? {
        guard id.index >= 0, id.stage == .train || plan.contains(id) else { return "the run has no unit \(id)" }
        switch (id.stage, result) {
        case (.parity, .parity(let result)): return flaw(of: result, unit: id.index)
        case (.extract, .extract(let result)):
            return flaw(of: result, texts: range(of: id).count)
        case (.train, .train(let result)): return flaw(of: result, for: id)
        case (.train, .trainOutputs(let result)): return flaw(of: result, unit: id.index)
        case (.sums, .sums(let result)):
            let count = sumsPart(id)?.count ?? 0
            return result.products.count == count
                ? nil : "expected \(count) products, found \(result.products.count)"
        case (.similarity, .similarity(let result)):
            return [result.plain, result.injected].lazy.compactMap { flaw(of: $0) }.first
        case (.evaluate(let task), .evaluate(let result)):
            guard let inputs = tasks.first(where: { $0.task.name == task }) else {
                return "the run has no task \(task)"
            }
            return flaw(of: result, inputs, id)
        default: return "expected a result of stage \(id.stage.rawValue), found one of another kind"
        }
    }

    private func flaw(of result: ExtractResult, texts: Int) -> String? {
        for (model, matrices, dimension) in [(ModelSide.a, result.a, dimensionA), (.b, result.b, dimensionB)] {
            let sites = plan.sites.count { $0.model == model }
            guard matrices.count == sites else {
                return "expected activations at \(sites) sites of \(model.rawValue), found \(matrices.count)"
            }
            for matrix in matrices {
                guard (matrix.rows, matrix.columns) == (texts, dimension) else {
                    return "expected activations of \(model.rawValue) of \(texts) × \(dimension), found "
                        + "\(matrix.rows) × \(matrix.columns)"
                }
                guard matrix.values.allSatisfy({ abs($0) <= Self.largestActivation }) else {
                    return "an activation is not finite, or beyond \(Self.largestActivation)"
                }
            }
        }
        return nil
    }

    private func flaw(of result: TrainResult, for id: UnitID) -> String? {
        guard let schedule else { return "the run trains no projection" }
        let (step, shard) = id.index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
        guard step < schedule.steps, shard < schedule.shardCount(step: step) else { return "no such shard" }
        let texts = min(schedule.shardTexts, schedule.batchTextCount(step: step) - shard * schedule.shardTexts)
        let (matrix, expected, errors) =
            switch result.gradient {
            case .dense(let matrix): (matrix, (dimensionB, dimensionA), dimensionB)
            case .factor(let matrix): (matrix, (texts, dimensionB), 0)
            }
        guard (matrix.rows, matrix.columns) == expected else {
            return "expected a gradient of \(expected.0) × \(expected.1), found \(matrix.rows) × \(matrix.columns)"
        }
        guard result.outputErrors.count == errors else {
            return "expected the errors of \(errors) outputs, found \(result.outputErrors.count)"
        }
        guard matrix.values.allSatisfy(\.isFinite) else { return "a gradient is not finite" }
        guard result.squaredErrorSum.isFinite, result.squaredErrorSum >= 0,
            result.outputErrors.allSatisfy({ $0.isFinite && $0 >= 0 })
        else { return "the loss is not finite" }
        return nil
    }

    /// What a residual stream may hold. The squares of larger numbers have no sum in float32.
    private static let largestActivation: Float = 1e15

    private func flaw(of result: EvaluateResult, _ inputs: TaskInputs, _ id: UnitID) -> String? {
        let range = range(of: id)
        let conditions = inputs.conditions(ofChannel: channel(of: id), isFirst: isFirst(id))
        guard result.items.count == range.count else {
            return "expected \(range.count) items, found \(result.items.count)"
        }
        for (place, found) in zip(range, result.items) {
            let item = inputs.items[place]
            guard found.answers.count == conditions.count else {
                return "expected \(conditions.count) answers for an item, found \(found.answers.count)"
            }
            if let flaw = flaw(ofLikelihoods: found, inputs, conditions, inputs.prompts[place]) { return flaw }
            if isFirst(id), let flaw = inputs.gates.flaw(in: found.answers, to: conditions, item: item.id) {
                return flaw
            }
            let isChosen = inputs.form == .choice && configuration.evaluation.endpoints.contains(.answers)
            let choices = isChosen ? item.choices.count : 0
            if let odd = found.answers.first(where: { $0.likelihoods.count != choices }) {
                return "expected \(choices) likelihoods of item \(item.id), found \(odd.likelihoods.count)"
            }
            for (condition, answer) in zip(conditions, found.answers) {
                if let flaw = flaw(of: answer, inputs.form)
                    ?? flaw(ofMessage: answer.told, condition, inputs.form, inputs.prompts[place])
                {
                    return "item \(item.id): \(flaw)"
                }
            }
        }
        return nil
    }

    private func flaw(of answer: Answer, _ form: AnswerForm) -> String? {
        // A rounded logarithm of a probability near 1 may lie a little above 0.
        if answer.likelihoods.contains(where: { $0.isNaN || $0 > 1e-3 }) { return "a log-likelihood above 0" }
        let cost = answer.cost
        let counts =
            [cost.promptTokens, cost.newTokens, cost.messageBytes]
            + [cost.passesOfA, cost.passesOfB].flatMap { [$0.count, $0.blocks, $0.tokens] }
        // The sums over all items have to be numbers as well.
        if counts.contains(where: { !(0...1 << 40).contains($0) }) { return "a cost is beyond any that can be" }
        var limit = 0
        if case .text(let limits) = form {
            let thoughts = configuration.reading.thinkEnd == nil ? 0 : ReadableModel.thoughtTokens
            limit = limits.maximumNewTokens + thoughts
        }
        return flaw(ofText: answer.text, answer.tokens, omitted: answer.omittedPromptTokens, limit: limit)
    }

    private func flaw(of written: WrittenText) -> String? {
        flaw(
            ofText: written.text, written.tokens, omitted: written.omittedPromptTokens,
            limit: configuration.similarity.newTokens)
    }

    /// What was written is bounded by what was asked for: so many tokens, none longer than the longest that there is.
    private func flaw(ofText text: String, _ tokens: [Int32], omitted: Int, limit: Int) -> String? {
        guard tokens.count <= limit else { return "expected at most \(limit) new tokens, found \(tokens.count)" }
        guard (0...1 << 40).contains(omitted) else { return "\(omitted) tokens were left out" }
        guard let textBytesPerToken else { return nil }
        let most = tokens.count * textBytesPerToken
        guard text.utf8.count <= most else {
            return "expected at most \(most) bytes of \(tokens.count) tokens, found \(text.utf8.count)"
        }
        return nil
    }

    /// Why a message cannot be what a condition tells; nil where it can be, or where there are no models.
    private func flaw(
        ofMessage told: ToldMessage?, _ condition: Condition, _ form: AnswerForm, _ item: EvaluationItem
    ) -> String? {
        guard let textBytesPerToken else { return nil }
        switch (condition.message, told) {
        case (nil, nil): return nil
        case (.words(_, let newTokens), .words(let text)):
            return flaw(ofWords: text, most: newTokens * textBytesPerToken)
        case (.debate, .words(let text)):
            if case .text(let limits) = form {
                return flaw(ofWords: text, most: limits.maximumNewTokens * textBytesPerToken)
            }
            return flaw(ofWords: text, most: item.choices.map(\.utf8.count).max() ?? 0)
        case (.zero, .vector(_, let norm)):
            return norm == 0 ? nil : "a message of zeros has the norm \(norm)"
        case (.activation, .vector), (.own, .vector), (.noise, .vector), (.matched, .vector): return nil
        default:
            let expected =
                condition.message.map { $0.isInjected ? "a vector" : "words" } ?? "nothing"
            return "condition \(condition.name) tells \(expected), and that is not what was told"
        }
    }

    private func flaw(ofWords text: String, most: Int) -> String? {
        text.utf8.count <= most ? nil : "expected a message of at most \(most) bytes, found \(text.utf8.count)"
    }

    /// Why what was read cannot be what the unit has the models read; nil where it is, or where there are no models.
    ///
    /// The worker says by a digest which tokens it read; here the same prompts go through this process's own tokenizers. It
    /// takes about a millisecond, so it is asked of what comes from workers, and not again of what is on disk.
    func readingFlaw(of result: UnitResult, for id: UnitID) -> String? {
        guard let readers, case .evaluate(let result) = result, case .evaluate(let unit) = unit(id) else { return nil }
        let reading = UnitReading(unit, readers, at: configuration.positions)
        for (item, found) in zip(unit.items, result.items) {
            for (condition, answer) in zip(unit.conditions, found.answers) {
                let read: ReadPrompt
                do {
                    read = try reading.prompt(of: item, under: condition, told: answer.told)
                } catch {
                    return "item \(item.id), condition \(condition.name): \(error)"
                }
                guard answer.cost.promptTokens == read.tokens.count,
                    answer.promptDigest == ContentHasher.digest(of: read.tokens).hex
                else {
                    return "item \(item.id), condition \(condition.name): what was read, "
                        + "\(answer.cost.promptTokens) tokens, is not the prompt, \(read.tokens.count) tokens"
                }
            }
        }
        return nil
    }

    /// Why the likelihoods of an item's answers cannot be.
    private func flaw(
        ofLikelihoods found: ItemAnswers, _ inputs: TaskInputs, _ conditions: [Condition], _ item: EvaluationItem
    ) -> String? {
        let isLikelihood = configuration.evaluation.endpoints.contains(.likelihood)
        let golds = isLikelihood ? item.golds.count : 0
        let references = inputs.asked.references.count
        for (condition, answer) in zip(conditions, found.answers) {
            let divergences = isLikelihood && condition.usesChannel && condition.answerer == .b ? references : 0
            guard answer.golds.count == golds, answer.divergences.count == divergences else {
                return "expected \(golds) golds and \(divergences) divergences of item \(item.id), found "
                    + "\(answer.golds.count) and \(answer.divergences.count)"
            }
        }
        return nil
    }
}
