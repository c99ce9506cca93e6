package import JSON
package import PlainText

/// Why a data file cannot be used. Every description is one line that names the file and what to do.
package enum DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(file: String, cause: String)
    /// The file starts as gzip does and is not whole, or holds something else after a member's end.
    case brokenGzip(file: String, cause: String)
    /// The file is of a kind that is not read.
    case foreign(file: String, ForeignFile)
    /// A line is longer than a reader is willing to hold.
    case lineTooLong(file: String, line: Int, limit: Int)
    /// The file is larger than a reader is willing to hold.
    case fileTooLarge(file: String, limit: Int)
    /// Too many lines of a file of JSON lines cannot be read.
    case tooManyBrokenLines(file: String, broken: Int, lines: Int, first: BrokenLine)
    /// A text or an item whose tokens a model cannot take, beyond those that may be passed over.
    case unreadableText(place: String, cause: String, limit: Int)
    /// A value of a JSON file is missing or wrong.
    case malformed(file: String, path: String, cause: String)
    /// The file is in order and holds nothing.
    case empty(file: String, expected: String)
    /// No C4 file was named.
    case noFiles
    /// The files hold fewer usable texts than were asked for.
    case tooFewRows(files: [String], found: Int, wanted: Int, minimumCharacters: Int)

    package var description: String {
        switch self {
        case .unreadable(let file, let cause):
            "\(file): cannot be read: \(cause)"
        case .brokenGzip(let file, let cause):
            "\(file): broken gzip file: \(cause); fetch it again"
        case .foreign(let file, let kind):
            "\(file): \(kind.description(for: file))"
        case .lineTooLong(let file, let line, let limit):
            "\(file), line \(line): longer than \(limit) bytes; is this a file of JSON lines?"
        case .fileTooLarge(let file, let limit):
            "\(file): holds more than \(limit) bytes; split it"
        case .tooManyBrokenLines(let file, let broken, let lines, let first):
            "\(file): \(broken) of \(lines) lines cannot be read, the first is line \(first.line) (\(first.cause)); "
                + "is this the right file?"
        case .unreadableText(let place, let cause, let limit):
            "\(place): \(cause); take it out, or pass over "
                + (limit == 0
                    ? "up to N of them with --skip-unreadable N" : "more than \(limit) with --skip-unreadable")
        case .malformed(let file, let path, let cause):
            "\(file): \(path.isEmpty ? "the file" : path): \(cause)"
        case .empty(let file, let expected):
            "\(file): holds no \(expected)"
        case .noFiles:
            "no C4 file was named; name at least one with --c4"
        case .tooFewRows(let files, let found, let wanted, let minimumCharacters):
            "only \(found) of \(wanted) texts of more than \(minimumCharacters) characters in "
                + files.joined(separator: ", ")
                + (found > 0 ? "; name more files, or use --rows \(found)" : "; name other files")
        }
    }
}

extension DatasetError: JSONFailure {
    package init(_ error: JSONError) {
        if case .foreign(let file, let kind) = error {
            self = .foreign(file: file, kind)
            return
        }
        self = .malformed(file: error.file, path: error.path, cause: error.cause)
    }
}
