import JSON

/// The records of a file of JSON lines, plain or gzip. Blank lines are passed over; broken ones are counted.
struct JSONLines {
    private let reader: LineReader
    /// Lines read, blank ones left out.
    private(set) var lineCount = 0
    private(set) var broken = BrokenLines()
    private var isAtEnd = false

    init(file: String) throws(DatasetError) {
        reader = try LineReader(file: file)
    }

    /// The next record; nil at the end.
    ///
    /// - Parameter content: what is made of a line's object, which has the number `line`; it throws where the record
    ///   is no good.
    mutating func next<Content>(
        _ content: (_ record: JSONField<RecordFault>, _ line: Int) throws(RecordFault) -> Content
    ) throws(DatasetError) -> Content? {
        while let line = try reader.next() {
            if line.isBlank { continue }
            lineCount += 1
            do throws(RecordFault) {
                return try content(JSONField(file: reader.file, bytes: line.bytes), line.number)
            } catch {
                broken.add(BrokenLine(file: reader.file, line: line.number, cause: error.cause))
            }
            if broken.count > BrokenLines.tolerated { try refuse() }
        }
        if !isAtEnd {
            isAtEnd = true
            try refuse()
        }
        return nil
    }

    private func refuse() throws(DatasetError) {
        guard broken.areTooMany(among: lineCount), let first = broken.first.first else { return }
        throw .tooManyBrokenLines(file: reader.file, broken: broken.count, lines: lineCount, first: first)
    }
}

/// Why one record is no good: the place in it, and the cause.
struct RecordFault: JSONFailure {
    let cause: String

    init(cause: String) { self.cause = cause }

    init(_ error: JSONError) { cause = error.placedCause }
}
