import Evaluation
import PlainText

extension RunReport {
    /// What answers take, by condition.
    static func section(_ tasks: [TaskScores], _ shape: PairShape) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = [
            .paragraph(
                "Means of an item. Operations are counted as the paper counts them (every token written reads all before "
                    + "it again, two matrices in a feed-forward, as many heads for keys as for queries), and as done "
                    + "(keys and values kept, all matrices, grouped heads).")
        ]
        for task in tasks {
            let costs = task.costs(shape)
            let metrics = task.shares.suffix(1) + task.likelihoods.filter { $0 == .goldLikelihood }
            blocks += metrics.map { ReportDocument.Block.plot(.costs(task, costs, $0)) }
            blocks.append(
                .table(
                    DocumentTable(
                        titles: [
                            task.task.title, "prompt, tokens", "answer, tokens", "message, tokens read or written",
                            "message, bytes", "operations, paper", "operations, done",
                        ] + task.shownMetrics.suffix(1).map(\.title),
                        rows: costs.map { cost in
                            [
                                cost.condition.title, Quantities.fixed(cost.promptTokens, digits: 1),
                                Quantities.fixed(cost.newTokens, digits: 1),
                                Quantities.fixed(cost.messageTokens, digits: 1),
                                Quantities.fixed(cost.messageBytes, digits: 0), amount(cost.paperOperations),
                                amount(cost.operations),
                            ]
                                + task.shownMetrics.suffix(1).map {
                                    task.score(cost.condition.condition, $0)?.text(of: $0) ?? "–"
                                }
                        })))
        }
        return .init(title: "Costs", blocks: blocks)
    }

    /// Operations with three digits: `1.46 TFLOP`.
    private static func amount(_ operations: Double) -> String {
        let units = ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"]
        var (amount, unit) = (operations, 0)
        while amount >= 1000, unit + 1 < units.count {
            amount /= 1000
            unit += 1
        }
        return "\(Quantities.significant(amount)) \(units[unit])"
    }
}
