import PlainText

/// What a plot draws as numbers, a line each, titles first.
extension Plot {
    var csv: String {
        let rows =
            switch self {
            case .lines(let plot): Self.rows(plot)
            case .bars(let plot): Self.rows(plot)
            case .differences(let plot): Self.rows(plot)
            case .points(let plot): Self.rows(plot)
            case .heat(let plot): Self.rows(plot)
            }
        return rows.map { $0.map(Self.cell).joined(separator: ",") + "\n" }.joined()
    }

    private static func rows(_ plot: LinePlot) -> [[String]] {
        [[plot.xTitle, plot.yTitle, "series", "low", "high"]]
            + plot.series.flatMap { series in
                series.points.map { point in
                    [
                        number(point.x), number(point.y), series.name, point.low.map(number) ?? "",
                        point.high.map(number) ?? "",
                    ]
                }
            }
    }

    private static func rows(_ plot: BarPlot) -> [[String]] {
        [["condition", "metric", "value", "low", "high"]]
            + plot.groups.flatMap { group in
                zip(plot.names, group.bars).map { name, bar in
                    [group.name, name, number(bar.value), number(bar.low), number(bar.high)]
                }
            }
    }

    private static func rows(_ plot: DifferencePlot) -> [[String]] {
        [["contrast", plot.unit, "low", "high"]]
            + plot.rows.map { [$0.name, number($0.value), number($0.low), number($0.high)] }
    }

    private static func rows(_ plot: PointPlot) -> [[String]] {
        [["condition", plot.xTitle, plot.yTitle]] + plot.points.map { [$0.name, number($0.x), number($0.y)] }
    }

    private static func rows(_ plot: HeatPlot) -> [[String]] {
        [[plot.xTitle, plot.yTitle, plot.unit, "low", "high"]]
            + plot.cells.map { ["\($0.x)", "\($0.y)", number($0.value), number($0.low), number($0.high)] }
    }

    private static func number(_ value: Double) -> String { "\(value)" }

    /// As RFC 4180 has it: quoted where it must be.
    private static func cell(_ text: String) -> String {
        let mustBe = text.contains { ",\"\n\r".contains($0) }
        return mustBe ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
}
