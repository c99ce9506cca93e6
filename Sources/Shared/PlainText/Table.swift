/// A table in plain text, its columns aligned by spaces:
///
///     var table = Table([.init("condition"), .init("exact match", .trailing)])
///     table.add(["injected", "61.0 %"])
///     terminal.write(table.text(width: terminal.width))
package struct Table: Hashable, Sendable {
    package struct Column: Hashable, Sendable {
        package enum Alignment: Sendable {
            case leading
            case trailing
        }

        package let title: String
        package let alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .leading) {
            self.title = title
            self.alignment = alignment
        }
    }

    package let columns: [Column]
    /// Each with a cell for every column.
    package private(set) var rows: [[String]] = []
    private static let gap = 2
    /// Columns that the first column keeps, where it gives way.
    private static let leastFirst = 20

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; cells that are missing are empty.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count <= columns.count, "\(cells.count) cells for \(columns.count) columns")
        let cells = cells.map(PrintableText.oneLine)
        rows.append(cells + [String](repeating: "", count: columns.count - cells.count))
    }

    /// The same with other texts in its titles and cells.
    package func mapped(_ transform: (String) -> String) -> Table {
        var table = Table(columns.map { Column(transform($0.title), $0.alignment) })
        for row in rows { table.add(row.map(transform)) }
        return table
    }

    /// The titles, a rule and the rows, each line with its end; as wide as they are.
    package var text: String { text(width: .max) }

    /// The same within so many columns of a terminal. Where that is too narrow the first column's cells are broken
    /// into lines; where there is no room for that either, each row becomes a paragraph: its first cell, and the others
    /// below it with their titles.
    package func text(width: Int) -> String {
        var widths = columns.indices.map { column in
            ([titles] + rows).map { PrintableText.width($0[column]) }.max() ?? 0
        }
        let others = widths.dropFirst().reduce(0) { $0 + Self.gap + $1 }
        if let first = widths.first, others < .max - first, first + others > width {
            guard width - others >= Self.leastFirst else { return paragraphs(width: width) }
            widths[0] = width - others
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([titles, rule] + rows).map { lines($0, widths: widths) }.joined()
    }

    private var titles: [String] { columns.map { PrintableText.oneLine($0.title) } }

    /// A row, its first cell on several lines where it is too long for its column; the others stand on the last.
    private func lines(_ cells: [String], widths: [Int]) -> String {
        var parts = PrintableText.wrapped(cells[0], to: widths[0])
        let last = parts.removeLast()
        return parts.map { $0 + "\n" }.joined() + line([last] + cells.dropFirst(), widths: widths) + "\n"
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: widths[index] - PrintableText.width(cell))
            if index > 0 { line += String(repeating: " ", count: Self.gap) }
            line += columns[index].alignment == .leading ? cell + space : space + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    private func paragraphs(width: Int) -> String {
        let titles = titles
        let title = titles.dropFirst().map(PrintableText.width).max() ?? 0
        let heading = PrintableText.wrapped(titles[0], to: width)
        let rule = String(repeating: "─", count: heading.map(PrintableText.width).max() ?? 0)
        var lines = heading + [rule]
        for row in rows {
            lines += PrintableText.wrapped(row[0], to: width)
            for (name, cell) in zip(titles, row).dropFirst() where !cell.isEmpty {
                let space = String(repeating: " ", count: title - PrintableText.width(name) + Self.gap)
                lines.append(contentsOf: Self.entry("  " + name + space, cell, width: width))
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// A cell behind its title, or below it where both are too wide for a line.
    private static func entry(_ title: String, _ cell: String, width: Int) -> [String] {
        let room = width - PrintableText.width(title)
        if PrintableText.width(cell) <= room { return [title + cell] }
        let name = title.prefix { $0 == " " } + title.drop { $0 == " " }.trimmingSuffix()
        return PrintableText.wrapped(String(name), to: width)
            + PrintableText.wrapped(cell, to: max(1, width - 4)).map { "    " + $0 }
    }
}

extension Substring {
    fileprivate func trimmingSuffix() -> Substring {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
