package import JSON
package import PlainText

/// What the terminal shows at a run's end, before it is laid out. A run keeps it, so that the same command later shows it
/// again as wide as the terminal then is.
package struct Summary: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        /// Paragraphs, one below the other.
        case paragraphs([String])
        case table(Table)
    }

    /// An empty line stands between them.
    package var parts: [Part]

    package init(_ parts: [Part]) {
        self.parts = parts
    }

    /// For so many columns, paragraphs in lines that end between words.
    package func text(width: Int) -> String {
        text(width: width) { PrintableText.wrapped($0, to: width) }
    }

    /// For a file or a program: tables for so many columns, a paragraph in a line however long it is.
    package func text(tableWidth: Int) -> String {
        text(width: tableWidth) { [$0] }
    }

    private func text(width: Int, _ lines: (String) -> [String]) -> String {
        parts.map { part in
            switch part {
            case .paragraphs(let paragraphs): paragraphs.flatMap(lines).map { $0 + "\n" }.joined()
            case .table(let table): table.text(width: width)
            }
        }.joined(separator: "\n")
    }

    /// The same in ASCII: see ``PlainText/PrintableText/ascii(_:)``. To be laid out afterwards, since some characters become
    /// several.
    package var ascii: Summary {
        Summary(
            parts.map { part in
                switch part {
                case .paragraphs(let paragraphs): .paragraphs(paragraphs.map(PrintableText.ascii))
                case .table(let table): .table(table.mapped(PrintableText.ascii))
                }
            })
    }
}

// MARK: As a file

extension Summary {
    package static let file = "summary.json"
    /// More than that of any run.
    package static let byteLimit = 16 << 20

    var json: JSONValue {
        .array(
            parts.map { part in
                switch part {
                case .paragraphs(let paragraphs):
                    .members(("paragraphs", .array(paragraphs.map(JSONValue.string))))
                case .table(let table):
                    .members(
                        ("titles", .array(table.columns.map { .string($0.title) })),
                        ("trailing", .array(table.columns.map { .bool($0.alignment == .trailing) })),
                        ("rows", .array(table.rows.map { .array($0.map(JSONValue.string)) })))
                }
            })
    }

    /// Reads what a run has kept.
    package init(file: String, bytes: [UInt8]) throws(JSONError) {
        var parts: [Part] = []
        for part in try JSONField<JSONError>(file: file, bytes: bytes).elements() {
            if let paragraphs = try part.optional("paragraphs") {
                parts.append(.paragraphs(try Self.texts(paragraphs)))
            } else {
                parts.append(.table(try Self.table(part)))
            }
        }
        self.parts = parts
    }

    private static func table(_ part: JSONField<JSONError>) throws(JSONError) -> Table {
        let titles = try texts(part.required("titles"))
        var columns: [Table.Column] = []
        let trailing = try part.required("trailing").elements()
        guard trailing.count == titles.count else { throw part.invalid("an alignment for each title") }
        for (title, isTrailing) in zip(titles, trailing) {
            columns.append(Table.Column(title, try isTrailing.bool() ? .trailing : .leading))
        }
        var table = Table(columns)
        for row in try part.required("rows").elements() {
            let cells = try texts(row)
            guard cells.count <= columns.count else { throw row.invalid("at most \(columns.count) cells") }
            table.add(cells)
        }
        return table
    }

    private static func texts(_ field: JSONField<JSONError>) throws(JSONError) -> [String] {
        var texts: [String] = []
        for element in try field.elements() { texts.append(try element.string()) }
        return texts
    }
}
