import Evaluation

/// What a plot shows, before it is drawn.
enum Plot {
    case lines(LinePlot)
    case bars(BarPlot)
    case differences(DifferencePlot)
    case points(PointPlot)
    case heat(HeatPlot)

    /// The loss of every step.
    static func loss(_ losses: [Double]) -> Plot {
        let points = thinned(losses, to: 400).map { LinePlot.Point(x: Double($0.index + 1), y: $0.value) }
        return .lines(
            LinePlot(
                title: "Training loss by step", xTitle: "step", yTitle: "mean squared error",
                series: [.init(name: "loss", points: points)], range: nil))
    }

    /// Agreement with and without injection, by layer.
    static func similarity(_ similarity: SimilarityScores) -> Plot {
        let layers = similarity.layers.sorted { $0.layer < $1.layer }
        func series(_ name: String, _ score: (LayerSimilarity) -> Score) -> LinePlot.Series {
            .init(
                name: name,
                points: layers.map {
                    let value = score($0)
                    return .init(x: Double($0.layer), y: value.mean, low: value.interval.low, high: value.interval.high)
                })
        }
        return .lines(
            LinePlot(
                title: "Text similarity by layer", xTitle: "layer (blocks)", yTitle: "share",
                series: [series("same text", \.exactMatch), series("edit similarity", \.editSimilarity)],
                range: 0...1))
    }

    /// Every condition's scores.
    static func scores(_ task: TaskScores) -> Plot {
        .bars(
            BarPlot(
                title: "\(task.task.title), per cent by condition",
                names: task.shares.map(\.title),
                groups: task.conditions.map { condition in
                    .init(
                        name: condition.title, isHighlighted: condition.name == ConditionTable.injected,
                        bars: task.shares.compactMap { task.score(condition.condition, $0) }.map {
                            .init(value: $0.mean, low: $0.interval.low, high: $0.interval.high)
                        })
                }))
    }

    /// The decomposition of a task's headline metric.
    static func contrasts(_ audit: TaskAudit) -> Plot {
        let scale = audit.headline.scale == .share ? 100.0 : 1
        let unit = audit.headline.scale == .share ? "points of \(audit.headline.title)" : "nats"
        return .differences(
            DifferencePlot(
                title: "\(audit.scores.task.title): the message's effect, taken apart", unit: unit,
                rows: audit.scores.contrasts.filter { $0.metric == audit.headline }.map { score in
                    let found = score.difference.score
                    return .init(
                        name: "\(score.contrast.name): \(score.contrast.title)",
                        isHighlighted: score.contrast == .own, value: scale * found.mean,
                        low: scale * found.interval.low, high: scale * found.interval.high)
                }))
    }

    /// What answers take, as an axis.
    struct CostAxis: Sendable {
        /// What a metric is drawn against, and with its unit.
        var name: String
        var title: String
        var value: @Sendable (MeanCost) -> Double?

        static let operations = CostAxis(name: "operations", title: "operations an answer, done") { $0.operations }
        static let messageBytes = CostAxis(name: "the message's bytes", title: "bytes of the message") {
            $0.messageBytes
        }
    }

    /// A metric against what its answers take, a point for each condition of which that is known.
    static func costs(_ task: TaskScores, _ costs: [MeanCost], _ metric: Metric, against axis: CostAxis) -> Plot {
        .points(
            PointPlot(
                title: "\(task.task.title): \(metric.title) against \(axis.name)", xTitle: axis.title,
                yTitle: metric.scale == .share ? "\(metric.title), per cent" : "\(metric.title), nats",
                points: costs.compactMap { cost in
                    guard let x = axis.value(cost), let score = task.score(cost.condition.condition, metric) else {
                        return nil
                    }
                    return .init(
                        name: cost.condition.name, isHighlighted: cost.condition.name == ConditionTable.injected,
                        x: x, y: (metric.scale == .share ? 100 : 1) * score.mean)
                }))
    }

    /// At most `limit` values, each the mean of a stretch, at the stretch's middle.
    private static func thinned(_ values: [Double], to limit: Int) -> [(index: Int, value: Double)] {
        guard values.count > limit else { return values.enumerated().map { ($0.offset, $0.element) } }
        return (0..<limit).map { part in
            let stretch = values.count * part / limit..<values.count * (part + 1) / limit
            return ((stretch.lowerBound + stretch.upperBound) / 2, values[stretch].reduce(0, +) / Double(stretch.count))
        }
    }
}

/// Curves over a common axis.
struct LinePlot {
    struct Point {
        var x: Double
        var y: Double
        /// The interval's ends, where there is one.
        var low: Double?
        var high: Double?
    }

    struct Series {
        var name: String
        var points: [Point]
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var series: [Series]
    /// Of y; nil takes what the points need, from 0 on.
    var range: ClosedRange<Double>?
}

/// Horizontal bars of shares in 0 ... 1 with their intervals, in groups.
struct BarPlot {
    struct Bar {
        var value: Double
        var low: Double
        var high: Double
    }

    struct Group {
        var name: String
        var isHighlighted: Bool
        /// One for each name of the plot.
        var bars: [Bar]
    }

    var title: String
    var names: [String]
    var groups: [Group]
}

/// Differences around nought with their intervals.
struct DifferencePlot {
    struct Row {
        var name: String
        var isHighlighted: Bool
        var value: Double
        var low: Double
        var high: Double
    }

    var title: String
    var unit: String
    var rows: [Row]
}

/// Values around nought over a grid.
struct HeatPlot {
    struct Cell {
        var x: Int
        var y: Int
        var value: Double
        var low: Double
        var high: Double
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var unit: String
    var cells: [Cell]
}

/// Named points over an axis from nought.
struct PointPlot {
    struct Point {
        var name: String
        var isHighlighted: Bool
        var x: Double
        var y: Double
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var points: [Point]
}
