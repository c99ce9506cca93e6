import JSON

/// One document of C4 (Raffel et al., 2020).
package struct C4Record: Hashable, Sendable {
    package let text: String
    /// Where it stands in its file, counted from 1.
    package let line: Int
}

/// The documents of one C4 file, JSON lines with `text`, plain or gzip, read as they are asked for. Other fields,
/// C4's `url` and `timestamp` among them, are passed over, whatever they hold.
package struct C4Reader {
    private var lines: JSONLines

    /// Lines read so far, blank ones left out.
    package var lineCount: Int { lines.lineCount }
    /// Lines that could not be read so far.
    package var broken: BrokenLines { lines.broken }

    /// - Throws: ``DatasetError`` where the file cannot be opened.
    package init(file: String) throws(DatasetError) {
        lines = try JSONLines(file: file, members: ["text"])
    }

    /// The next document; nil at the end.
    /// - Throws: ``DatasetError`` where the file cannot be read or has too many broken lines (``BrokenLines``).
    package mutating func next() throws(DatasetError) -> C4Record? {
        try lines.next { (record, line) throws(RecordFault) in
            C4Record(text: try record.required("text").string(), line: line)
        }
    }
}
