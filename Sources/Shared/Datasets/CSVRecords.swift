/// The records of a file of comma-separated values (RFC 4180): fields perhaps in quotes, in which commas and newlines
/// stand for themselves and a doubled quote for one.
struct CSVRecords {
    struct Record {
        /// The line that it begins on, counted from 1.
        var line: Int
        var fields: [String]
    }

    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let maximumFields = 1024

    /// All records of a file, plain or gzip; blank lines are passed over.
    /// - Throws: ``DatasetError``, naming the line: a quote is not closed or something follows it, a text is not UTF-8,
    ///   or a record has more fields than anyone means.
    static func records(of file: String, limit: Int) throws(DatasetError) -> [Record] {
        let bytes = try FileBytes(file: file).all(limit: limit)
        var scanner = CSVRecords(file: file, bytes: bytes)
        var records: [Record] = []
        while let record = try scanner.next() { records.append(record) }
        return records
    }

    private let file: String
    private let bytes: [UInt8]
    private var place = 0
    private var line = 1

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    private mutating func next() throws(DatasetError) -> Record? {
        while takeNewline() {}
        guard place < bytes.count else { return nil }
        var record = Record(line: line, fields: [try field()])
        while place < bytes.count, bytes[place] == Self.comma {
            place += 1
            record.fields.append(try field())
            guard record.fields.count <= Self.maximumFields else {
                throw fault(record.line, "more than \(Self.maximumFields) fields")
            }
        }
        if place < bytes.count, !takeNewline() { throw fault(line, "something follows a closing quote") }
        return record
    }

    private mutating func field() throws(DatasetError) -> String {
        let begin = line
        var text: [UInt8] = []
        if place < bytes.count, bytes[place] == Self.quote {
            place += 1
            while true {
                guard place < bytes.count else { throw fault(begin, "a quote is not closed") }
                if bytes[place] == Self.quote {
                    place += 1
                    guard place < bytes.count, bytes[place] == Self.quote else { break }
                }
                if bytes[place] == 0x0a { line += 1 }
                text.append(bytes[place])
                place += 1
            }
        } else {
            while place < bytes.count, bytes[place] != Self.comma, bytes[place] != 0x0a, bytes[place] != 0x0d {
                text.append(bytes[place])
                place += 1
            }
        }
        guard let text = String(validating: text, as: UTF8.self) else { throw fault(begin, "not UTF-8") }
        return text
    }

    private mutating func takeNewline() -> Bool {
        var end = place
        if end < bytes.count, bytes[end] == 0x0d { end += 1 }
        if end < bytes.count, bytes[end] == 0x0a { end += 1 }
        guard end > place else { return false }
        place = end
        line += 1
        return true
    }

    private func fault(_ line: Int, _ cause: String) -> DatasetError {
        .malformed(file: "\(file), line \(line)", path: "", cause: cause)
    }
}
