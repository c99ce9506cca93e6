import Run

extension RunInputs {
    /// Why a result cannot be an answer to the unit; nil where it can be.
    ///
    /// Results come over the network: their shapes are checked before anything is computed with them.
    /// - Parameter schedule: the training's, for shards.
    func flaw(of result: UnitResult, for id: UnitID) -> String? {
        switch (id.stage, result) {
        case (.extract, .extract(let result)):
            let rows = range(of: id).count
            guard result.a.rows == rows, result.b.rows == rows else {
                return "expected \(rows) rows, found \(result.a.rows) and \(result.b.rows)"
            }
            guard result.a.columns == dimensionA, result.b.columns == dimensionB else {
                return "expected \(dimensionA) and \(dimensionB) dimensions, found \(result.a.columns) and "
                    + "\(result.b.columns)"
            }
            guard result.a.values.allSatisfy(\.isFinite), result.b.values.allSatisfy(\.isFinite) else {
                return "an activation is not finite"
            }
            return nil
        case (.train, .train(let result)): return flaw(of: result, for: id)
        case (.train, .trainRows(let result)): return flaw(of: result, block: id.index)
        case (.similarity, .similarity): return nil
        case (.evaluate(let task), .evaluate(let result)):
            guard let task = EvaluationTask(rawValue: task) else { return "the run has no task \(task)" }
            return flaw(of: result, task: task, id)
        default: return "expected a result of stage \(id.stage.rawValue), found one of another kind"
        }
    }

    private func flaw(of result: TrainResult, for id: UnitID) -> String? {
        guard let schedule else { return "the run trains no projection" }
        let (step, shard) = id.index.quotientAndRemainder(dividingBy: schedule.shardsPerStep)
        guard step < schedule.steps, shard < schedule.shardCount(step: step) else { return "no such shard" }
        let rows = min(schedule.shardRows, schedule.batchRowCount(step: step) - shard * schedule.shardRows)
        let (matrix, expected) =
            switch result.gradient {
            case .dense(let matrix): (matrix, (dimensionB, dimensionA))
            case .factor(let matrix): (matrix, (rows, dimensionB))
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
