import Foundation

/// The records of a file of JSON lines, plain or gzip. Blank lines are passed over; broken ones are counted.
struct JSONLines<Record: Decodable> {
    private let reader: LineReader
    private let decoder = JSONDecoder()
    /// Lines read, blank ones left out.
    private(set) var lineCount = 0
    private(set) var broken = BrokenLines()
    private var isAtEnd = false

    init(file: String) throws(DatasetError) {
        reader = try LineReader(file: file)
    }

    /// The next record and the number of its line; nil at the end.
    ///
    /// - Parameter content: what is made of a record; nil, or a cause, where the record is no good.
    mutating func next<Content>(
        _ content: (Record, _ line: Int) -> Result<Content, RecordFault>
    ) throws(DatasetError) -> Content? {
        while let line = try reader.next() {
            if line.isBlank { continue }
            lineCount += 1
            switch record(line).flatMap({ content($0, line.number) }) {
            case .success(let content):
                return content
            case .failure(let fault):
                broken.add(BrokenLine(file: reader.file, line: line.number, cause: fault.cause))
                if broken.count > BrokenLines.tolerated { try refuse() }
            }
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

    private func record(_ line: LineReader.Line) -> Result<Record, RecordFault> {
        guard line.text != nil else { return .failure(RecordFault(cause: "not UTF-8")) }
        let data = Data(line.bytes)
        do {
            return .success(try decoder.decode(Record.self, from: data))
        } catch {
            let place = DecodingPlace(error, in: data)
            return .failure(RecordFault(cause: place.path.isEmpty ? place.cause : "\(place.path): \(place.cause)"))
        }
    }
}

/// Why one record is no good.
struct RecordFault: Error {
    let cause: String
}
