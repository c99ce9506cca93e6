import PlainText

extension RunReport {
    /// `report.md`.
    package var markdown: String {
        let document = document
        var text = "# \(Self.escaped(document.title))\n\n\(Self.escaped(document.lead))\n"
        for section in document.sections {
            text += "\n## \(Self.escaped(section.title))\n"
            for block in section.blocks {
                switch block {
                case .paragraph(let paragraph): text += "\n\(Self.escaped(paragraph))\n"
                case .table(let table): text += "\n" + Self.markdown(table)
                case .plot: break
                }
            }
        }
        return text
    }

    private static func markdown(_ table: DocumentTable) -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
        let rule = table.titles.indices.map { $0 > 0 && table.figures ? "---:" : "---" }
        return line(table.titles.map(escaped)) + line(rule) + table.rows.map { line($0.map(escaped)) }.joined()
    }

    /// Text that Markdown shows as it is, on one line: what has a meaning in Markdown or HTML is escaped.
    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in PrintableText.oneLine(text).unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\\", "`", "*", "_", "[", "]", "#", "|", "~", "$":
                escaped.append("\\")
                escaped.append(scalar)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
