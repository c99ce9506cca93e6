import Run

extension RunInputs {
    /// Why a result cannot be an answer to the unit; nil where it can be.
    ///
    /// Results come over the network: their shapes are checked before anything is computed with them.
    func flaw(of result: UnitResult, for id: UnitID) -> String? {
        switch (id.stage, result) {
        case (.extract, .extract(let result)):
            return flaw(of: result, texts: range(of: id).count)
        case (.train, .train(let result)): return flaw(of: result, for: id)
        case (.train, .trainOutputs(let result)): return flaw(of: result, unit: id.index)
        case (.similarity, .similarity): return nil
        case (.evaluate(let task), .evaluate(let result)):
            guard let task = EvaluationTask(rawValue: task) else { return "the run has no task \(task)" }
            return flaw(of: result, task: task, id)
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
                guard matrix.values.allSatisfy(\.isFinite) else { return "an activation is not finite" }
            }
        }
        return nil
    }

    private func flaw(of result: TrainResult, for id: UnitID) -> String? {
        guard let schedule else { return "the run trains no projection" }
        let (step, shard) = id.index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
        guard step < schedule.steps, shard < schedule.shardCount(step: step) else { return "no such shard" }
        let texts = min(schedule.shardTexts, schedule.batchTextCount(step: step) - shard * schedule.shardTexts)
        let (matrix, expected) =
            switch result.gradient {
            case .dense(let matrix): (matrix, (dimensionB, dimensionA))
            case .factor(let matrix): (matrix, (texts, dimensionB))
            }
        guard (matrix.rows, matrix.columns) == expected else {
            return "expected a gradient of \(expected.0) × \(expected.1), found \(matrix.rows) × \(matrix.columns)"
        }
        guard result.squaredErrorSum.isFinite else { return "the loss is not finite" }
        return nil
    }

    private func flaw(of result: EvaluateResult, task: EvaluationTask, _ id: UnitID) -> String? {
        guard let inputs = tasks[task] else { return "the run has no task \(task.rawValue)" }
        let items = range(of: id).count
        guard result.items.count == items else { return "expected \(items) items, found \(result.items.count)" }
        guard let odd = result.items.first(where: { $0.answers.count != inputs.conditions.count }) else { return nil }
        return "expected \(inputs.conditions.count) answers for an item, found \(odd.answers.count)"
    }
}
