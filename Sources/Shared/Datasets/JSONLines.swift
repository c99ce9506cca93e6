import JSON

/// The records of a file of JSON lines, plain or gzip. Blank lines are passed over; broken ones are counted.
struct JSONLines {
    private let reader: LineReader
    private let members: Set<String>
    /// Lines read, blank ones left out.
    private(set) var lineCount = 0
    private(set) var broken = BrokenLines()
    private var isAtEnd = false
    private var opensAsArray = false

    /// - Parameter members: the names of the fields that are read; others are passed over, whatever they hold.
    init(file: String, members: Set<String>) throws(DatasetError) {
        self.members = members
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
            if lineCount == 1 { opensAsArray = line.bytes.first == UInt8(ascii: "[") }
            do throws(RecordFault) {
                return try content(JSONField(file: reader.file, bytes: line.bytes, members: members), line.number)
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
        if opensAsArray { throw .foreign(file: reader.file, .jsonArray) }
        throw .tooManyBrokenLines(file: reader.file, broken: broken.count, lines: lineCount, first: first)
    }
}

/// Why one record is no good: the place in it, and the cause.
struct RecordFault: JSONFailure {
    let cause: String

    init(cause: String) { self.cause = cause }

    init(_ error: JSONError) { cause = error.placedCause }
}
