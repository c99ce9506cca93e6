/// A table in plain text, its columns aligned by spaces:
///
///     var table = Table([.init("condition"), .init("exact match", .trailing)])
///     table.add(["injected", "61.0 %"])
///     terminal.write(table.text)
package struct Table: Sendable {
    package struct Column: Sendable {
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

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; cells that are missing are empty.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count <= columns.count, "\(cells.count) cells for \(columns.count) columns")
        let cells = cells.map(PrintableText.oneLine)
        rows.append(cells + [String](repeating: "", count: columns.count - cells.count))
    }

    /// The titles, a rule and the rows, each line with its end.
    package var text: String {
        let titles = columns.map { PrintableText.oneLine($0.title) }
        let widths = columns.indices.map { column in
            ([titles] + rows).map { PrintableText.width($0[column]) }.max() ?? 0
        }
        let rule = widths.map { String(repeating: "─", count: $0) }
        return ([titles, rule] + rows).map { line($0, widths: widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: widths[index] - PrintableText.width(cell))
            if index > 0 { line += "  " }
            line += columns[index].alignment == .leading ? cell + space : space + cell
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}
