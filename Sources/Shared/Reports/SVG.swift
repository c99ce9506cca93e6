import PlainText

/// Draws plots as inline SVG. Colours come from the classes of the page's style sheet, so that they follow its
/// light or dark theme.
enum SVG {
    private static let width = 760.0

    static func text(of plot: Plot) -> String {
        switch plot {
        case .lines(let drawn): lines(drawn, plot.csv)
        case .bars(let drawn): bars(drawn, plot.csv)
        case .differences(let drawn): differences(drawn, plot.csv)
        case .points(let drawn): points(drawn, plot.csv)
        case .heat(let drawn): heat(drawn, plot.csv)
        }
    }

    // MARK: Curves

    private static func lines(_ plot: LinePlot, _ numbers: String) -> String {
        let points = plot.series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
        guard let firstX = points.map(\.x).min(), let lastX = points.map(\.x).max() else { return "" }
        let (left, right, top, bottom) = (64.0, width - 16, 34.0, 266.0)
        let highest = max(points.map { $0.high ?? $0.y }.max() ?? 0, 0)
        let yTicks = plot.range.map { ticks(from: $0.lowerBound, to: $0.upperBound) } ?? ticks(from: 0, to: highest)
        let range = plot.range ?? 0...max(yTicks.last ?? 1, highest, .leastNormalMagnitude)
        let span = lastX > firstX ? lastX - firstX : 1
        func x(_ value: Double) -> Double { left + (value - firstX) / span * (right - left) }
        func y(_ value: Double) -> Double {
            bottom - (min(max(value, range.lowerBound), range.upperBound) - range.lowerBound)
                / (range.upperBound - range.lowerBound) * (bottom - top)
        }
        var body = ""
        for tick in yTicks {
            body += line(left, y(tick), right, y(tick), "grid")
            body += label(left - 8, y(tick) + 4, tickText(tick), "end")
        }
        for tick in ticks(from: firstX, to: lastX) where tick >= firstX && tick <= lastX {
            body += label(x(tick), bottom + 18, tickText(tick), "middle")
        }
        body += label((left + right) / 2, bottom + 38, plot.xTitle, "middle") + label(8, 14, plot.yTitle, "start")
        for (index, series) in plot.series.enumerated() {
            let finite = series.points.filter { $0.x.isFinite && $0.y.isFinite }
            for point in finite {
                if let low = point.low, let high = point.high {
                    body += line(x(point.x), y(low), x(point.x), y(high), "whisker s\(index)")
                }
            }
            let path = finite.map { "\(number(x($0.x))),\(number(y($0.y)))" }.joined(separator: " ")
            body += "<polyline class=\"curve s\(index)\" points=\"\(path)\"/>\n"
            if finite.count <= 60 {
                for point in finite {
                    body +=
                        "<circle class=\"dot s\(index)\" cx=\"\(number(x(point.x)))\" cy=\"\(number(y(point.y)))\" r=\"3.5\"/>\n"
                }
            }
        }
        return frame(height: 312, title: plot.title, numbers, body + legend(plot.series.map(\.name), y: 14))
    }

    // MARK: Bars

    private static func bars(_ plot: BarPlot, _ numbers: String) -> String {
        let (left, right, top) = (290.0, width - 64, 42.0)
        let thickness = 13.0
        let groupHeight = Double(max(plot.names.count, 1)) * (thickness + 3) + 12
        let bottom = top + Double(plot.groups.count) * groupHeight
        func x(_ value: Double) -> Double { left + min(max(value, 0), 1) * (right - left) }
        var body = ""
        for tick in stride(from: 0.0, through: 1.0, by: 0.25) {
            body += line(x(tick), top - 4, x(tick), bottom, "grid")
            body += label(x(tick), bottom + 16, Quantities.fixed(100 * tick, digits: 0), "middle")
        }
        for (index, group) in plot.groups.enumerated() {
            let start = top + Double(index) * groupHeight + 4
            let middle = start + (groupHeight - 12) / 2
            body += label(left - 10, middle + 3, group.name, "end", group.isHighlighted ? "strong" : "")
            for (metric, bar) in group.bars.enumerated() where bar.value.isFinite {
                let y = start + Double(metric) * (thickness + 3)
                body +=
                    "<rect class=\"bar s\(metric)\" x=\"\(number(left))\" y=\"\(number(y))\" "
                    + "width=\"\(number(x(bar.value) - left))\" height=\"\(number(thickness))\"/>\n"
                let centre = y + thickness / 2
                body += line(x(bar.low), centre, x(bar.high), centre, "interval")
                body += line(x(bar.low), centre - 3, x(bar.low), centre + 3, "interval")
                body += line(x(bar.high), centre - 3, x(bar.high), centre + 3, "interval")
                body += label(
                    x(max(bar.high, bar.value)) + 6, centre + 4, Quantities.fixed(100 * bar.value, digits: 1), "start")
            }
        }
        return frame(height: bottom + 26, title: plot.title, numbers, body + legend(plot.names, y: 14))
    }

    // MARK: Differences

    private static func differences(_ plot: DifferencePlot, _ numbers: String) -> String {
        let (left, right, top, pitch) = (330.0, width - 64, 30.0, 26.0)
        let rows = plot.rows.filter { $0.value.isFinite && $0.low.isFinite && $0.high.isFinite }
        let reach = max(rows.flatMap { [abs($0.low), abs($0.high), abs($0.value)] }.max() ?? 0, .leastNormalMagnitude)
        let bottom = top + Double(rows.count) * pitch
        func x(_ value: Double) -> Double { (left + right) / 2 + value / reach * (right - left) / 2 }
        var body = line(x(0), top - 8, x(0), bottom, "axis")
        let marks = ticks(from: 0, to: reach).filter { $0 <= reach * 1.0001 }
        for tick in marks.dropFirst().reversed().map({ -$0 }) + marks {
            body += line(x(tick), top - 8, x(tick), bottom, "grid")
            body += label(x(tick), bottom + 16, tickText(tick), "middle")
        }
        for (index, row) in rows.enumerated() {
            let centre = top + (Double(index) + 0.5) * pitch - 4
            let (low, high) = (min(x(0), x(row.value)), max(x(0), x(row.value)))
            body += label(left - 12, centre + 4, row.name, "end", row.isHighlighted ? "strong" : "")
            body +=
                "<rect class=\"bar s\(row.isHighlighted ? 1 : 0)\" x=\"\(number(low))\" "
                + "y=\"\(number(centre - 6))\" width=\"\(number(high - low))\" height=\"12\"/>\n"
            body += line(x(row.low), centre, x(row.high), centre, "interval")
            body += line(x(row.low), centre - 3, x(row.low), centre + 3, "interval")
            body += line(x(row.high), centre - 3, x(row.high), centre + 3, "interval")
        }
        return frame(
            height: bottom + 40, title: plot.title, numbers, body + label(right, bottom + 34, plot.unit, "end"))
    }

    // MARK: Points

    private static func points(_ plot: PointPlot, _ numbers: String) -> String {
        let points = plot.points.filter { $0.x.isFinite && $0.y.isFinite }
        guard let widest = points.map(\.x).max(), widest > 0 else { return "" }
        let (left, right, top, bottom) = (64.0, width - 110, 34.0, 266.0)
        let low = min(0, points.map(\.y).min() ?? 0)
        let high = max(0, points.map(\.y).max() ?? 0, low + .leastNormalMagnitude * 1e10)
        func x(_ value: Double) -> Double { left + value / widest * (right - left) }
        func y(_ value: Double) -> Double { bottom - (value - low) / (high - low) * (bottom - top) }
        var body = ""
        for tick in ticks(from: low, to: high) where tick <= high {
            body += line(left, y(tick), right, y(tick), "grid") + label(left - 8, y(tick) + 4, tickText(tick), "end")
        }
        for tick in ticks(from: 0, to: widest) where tick <= widest {
            body += label(x(tick), bottom + 18, tickText(tick), "middle")
        }
        body += label((left + right) / 2, bottom + 38, plot.xTitle, "middle") + label(8, 14, plot.yTitle, "start")
        let heights = labelPlaces(points.map { (x($0.x), y($0.y)) }, foot: bottom)
        for (point, height) in zip(points, heights) {
            body +=
                "<circle class=\"dot s\(point.isHighlighted ? 1 : 0)\" cx=\"\(number(x(point.x)))\" "
                + "cy=\"\(number(y(point.y)))\" r=\"4\"/>\n"
            // Right of other points' dots that it would lie on.
            let from = points.filter {
                abs(y($0.y) - height) < 8 && x($0.x) >= x(point.x) && x($0.x) - x(point.x) < 40
            }.map { x($0.x) }.max()
            body += label(
                (from ?? x(point.x)) + 8, height + 4, point.name, "start", point.isHighlighted ? "strong" : "")
        }
        return frame(height: 312, title: plot.title, numbers, body)
    }

    /// The heights at which points' names stand, so that those of points beside each other can be read: each below those
    /// that it would lie on, and where that leaves the plot, all of them above its foot.
    private static func labelPlaces(_ points: [(x: Double, y: Double)], foot: Double) -> [Double] {
        let (height, longest) = (12.0, 90.0)
        func meet(_ one: Int, _ other: Int) -> Bool { abs(points[one].x - points[other].x) < longest }
        var places = points.map(\.y)
        let order = points.indices.sorted { (points[$0].y, $0) < (points[$1].y, $1) }
        for (number, place) in order.enumerated() {
            for above in order[..<number] where meet(above, place) {
                places[place] = max(places[place], places[above] + height)
            }
        }
        for (number, place) in order.enumerated().reversed() {
            places[place] = min(places[place], foot)
            for below in order[(number + 1)...] where meet(below, place) {
                places[place] = min(places[place], places[below] - height)
            }
        }
        return places
    }

    // MARK: Heat

    /// A column for each x and a row for each y, the lowest below; colours say the sign and, by how strong they are, the
    /// size. Cells whose interval lies beside nought have a frame; hovering over one shows its interval.
    private static func heat(_ plot: HeatPlot, _ numbers: String) -> String {
        let cells = plot.cells.filter { $0.value.isFinite }
        let (columns, rows) = (Set(plot.cells.map(\.x)).sorted(), Set(plot.cells.map(\.y)).sorted())
        let reach = max(cells.map { abs($0.value) }.max() ?? 0, .leastNormalMagnitude)
        let (left, top) = (64.0, 34.0)
        let side = min(56, (width - left - 16) / Double(max(columns.count, 1)))
        let height = min(side, 36)
        let bottom = top + Double(rows.count) * height
        var body = label(8, 14, plot.yTitle, "start")
        for (place, row) in rows.enumerated() {
            body += label(left - 8, bottom - (Double(place) + 0.5) * height + 4, "\(row)", "end")
        }
        for (place, column) in columns.enumerated() {
            body += label(left + (Double(place) + 0.5) * side, bottom + 18, "\(column)", "middle")
        }
        for cell in cells {
            guard let column = columns.firstIndex(of: cell.x), let row = rows.firstIndex(of: cell.y) else { continue }
            let (x, y) = (left + Double(column) * side, bottom - Double(row + 1) * height)
            let isBeside = cell.low > 0 || cell.high < 0
            let hint =
                "\(cell.x):\(cell.y) \(tickText(cell.value)) [\(tickText(cell.low)), \(tickText(cell.high))] \(plot.unit)"
            body +=
                "<rect class=\"cellbox \(cell.value < 0 ? "s1" : "s0")\(isBeside ? " found" : "")\" x=\"\(number(x + 1))\" "
                + "y=\"\(number(y + 1))\" width=\"\(number(side - 2))\" height=\"\(number(height - 2))\" "
                + "fill-opacity=\"\(Quantities.fixed(0.06 + 0.74 * abs(cell.value) / reach, digits: 2))\">"
                + "<title>\(HTML.escaped(hint))</title></rect>\n"
            if side >= 36 {
                body += label(
                    x + side / 2, y + height / 2 + 4, tickText(cell.value), "middle", "strong")
            }
        }
        body += label(left + Double(columns.count) * side / 2, bottom + 38, plot.xTitle, "middle")
        return frame(height: bottom + 48, title: plot.title, numbers, body)
    }

    // MARK: Parts

    /// A round number without the zeros that say nothing.
    private static func tickText(_ tick: Double) -> String {
        var text = Quantities.significant(tick)
        guard text.contains("."), !text.contains("e") else { return text }
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return text
    }

    /// - Parameter numbers: what is drawn, for those who cannot see it.
    private static func frame(height: Double, title: String, _ numbers: String, _ body: String) -> String {
        "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(HTML.escaped(title))\">\n"
            + "<title>\(HTML.escaped(title))</title>\n<desc>\(HTML.escaped(numbers))</desc>\n\(body)</svg>\n"
    }

    private static func legend(_ names: [String], y: Double) -> String {
        guard names.count > 1 else { return "" }
        var text = ""
        for (index, name) in names.enumerated() {
            // A slot for each: how wide the reader's font draws a name is not known.
            let x = width - Double(names.count - index) * 150
            text +=
                "<rect class=\"bar s\(index)\" x=\"\(number(x))\" y=\"\(number(y - 9))\" width=\"10\" height=\"10\"/>\n"
            text += label(x + 16, y, name, "start")
        }
        return text
    }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
        "<line class=\"\(style)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>\n"
    }

    private static func label(
        _ x: Double, _ y: Double, _ text: String, _ anchor: String, _ style: String = ""
    ) -> String {
        let style = style.isEmpty ? "" : " class=\"\(style)\""
        return "<text\(style) x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">"
            + "\(HTML.escaped(text))</text>\n"
    }

    private static func number(_ value: Double) -> String { Quantities.fixed(value, digits: 1) }

    /// About five round numbers from `low` on that cover `high`: 1, 2 or 5 times a power of ten apart.
    static func ticks(from low: Double, to high: Double) -> [Double] {
        guard low.isFinite, high.isFinite, high > low, high - low > .leastNormalMagnitude * 1e9 else { return [low] }
        var power = 1.0
        while (high - low) / 5 >= power * 10, power < 1e300 { power *= 10 }
        while (high - low) / 5 < power, power > 1e-300 { power /= 10 }
        let rough = (high - low) / 5 / power
        let step = power * (rough <= 1.0001 ? 1 : rough <= 2 ? 2 : rough <= 5 ? 5 : 10)
        let first = (low / step).rounded(.up)
        // Multiples of the step, not sums of it: no error adds up.
        var ticks: [Double] = []
        while ticks.count < 12 {
            let tick = (first + Double(ticks.count)) * step
            ticks.append(tick)
            if tick >= high - step * 1e-9 { break }
        }
        return ticks
    }
}
