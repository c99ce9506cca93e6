import Evaluation
import PlainText

extension RunReport {
    /// What answers take, by condition.
    static func section(_ tasks: [TaskScores], _ shape: PairShape) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = [
            .paragraph(
                "Means of an item. Operations are counted as the paper counts them (every token written reads all before "
                    + "it again, two matrices in a feed-forward, as many heads for keys as for queries), and as done "
                    + "(keys and values kept, all matrices, grouped heads). Seconds, which differ from run to run, are in "
                    + "\(TimingReport.page) and \(TimingReport.name).")
        ]
        for task in tasks {
            let costs = task.costs(shape)
            for axis in [Plot.CostAxis.operations, .messageBytes] {
                blocks += task.plottedMetrics.map { .plot(.costs(task, costs, $0, against: axis)) }
            }
            blocks.append(.table(table(of: task, costs)))
        }
        return .init(title: "Costs", blocks: blocks)
    }

    private static func table(of task: TaskScores, _ costs: [MeanCost]) -> DocumentTable {
        let shown = Array(task.shownMetrics.suffix(1))
        var titles = [
            task.task.title, "prompt, tokens", "answer, tokens", "message, tokens read or written", "message, bytes",
            "operations, paper", "operations, done",
        ]
        titles += shown.map(\.title)
        return DocumentTable(
            titles: titles,
            rows: costs.map { cost in
                var row = [cost.condition.title]
                row += [cost.promptTokens, cost.newTokens, cost.messageTokens].map { Quantities.fixed($0, digits: 1) }
                row += [Quantities.fixed(cost.messageBytes, digits: 0)]
                row += [cost.paperOperations, cost.operations].map(amount)
                row += shown.map { task.score(cost.condition.condition, $0)?.text(of: $0) ?? "–" }
                return row
            })
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

extension TaskScores {
    /// The metrics that are drawn against what answers take.
    var plottedMetrics: [Metric] { shares.suffix(1) + likelihoods.filter { $0 == .goldLikelihood } }
}
