package import PlainText

/// Why a JSON file is not what it should be, and where. Every description is one line.
package enum JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file is missing, is not a regular file, or cannot be read.
    case unreadable(file: String, reason: String)
    /// The file is longer than is read, in bytes.
    case tooLarge(file: String, bytes: Int, limit: Int)
    /// The file is of another kind altogether.
    case foreign(file: String, ForeignFile)
    /// The file is not UTF-8 or not JSON; `offset` is the byte at which that shows, `path` the value that it is in.
    case malformed(file: String, path: String, offset: Int, expected: String, found: String)
    /// An object has two members of one name.
    case repeated(file: String, path: String)
    /// A value is missing, or is not what it should be.
    case invalid(file: String, path: String, expected: String, found: String)
    /// A member that nobody understands.
    case unknown(file: String, path: String, found: String, understood: [String])

    package var description: String {
        "\(PrintableText.quoted(file, limit: 400)): \(placedCause)"
    }

    /// The description without the file.
    package var placedCause: String { (path.isEmpty ? "" : "\(path): ") + cause }

    package var file: String {
        switch self {
        case .unreadable(let file, _), .tooLarge(let file, _, _), .foreign(let file, _),
            .malformed(let file, _, _, _, _), .repeated(let file, _), .invalid(let file, _, _, _),
            .unknown(let file, _, _, _):
            file
        }
    }

    /// The place in the document, empty where the error is about the file as a whole.
    package var path: String {
        switch self {
        case .unreadable, .tooLarge, .foreign: ""
        case .malformed(_, let path, _, _, _), .repeated(_, let path), .invalid(_, let path, _, _),
            .unknown(_, let path, _, _):
            path
        }
    }

    /// What is wrong there, without file and path.
    package var cause: String {
        switch self {
        case .unreadable(_, let reason): "cannot be read: \(reason)"
        case .tooLarge(_, let bytes, let limit):
            "\(bytes) bytes, but at most \(limit) are read; is it the right file?"
        case .foreign(let file, let kind): kind.description(for: file)
        case .malformed(_, _, let offset, let expected, let found):
            "not valid JSON: byte \(offset): expected \(expected), found \(found)"
        case .repeated: "expected one field of that name, found a second one"
        case .invalid(_, _, let expected, let found): "expected \(expected), found \(found)"
        case .unknown(_, _, let found, let understood):
            "\(found) is not understood; known are \(understood.joined(separator: ", "))"
        }
    }

    /// The error of a value as one of the object whose member `name` it is.
    package func inside(name: String) -> JSONError { inside(JSONPath.step(to: name)) }

    /// The error of a value as one of the document that it stands in at `step`.
    func inside(_ step: String) -> JSONError {
        switch self {
        case .unreadable, .tooLarge, .foreign: self
        case .malformed(let file, let path, let offset, let expected, let found):
            .malformed(
                file: file, path: JSONPath.joined(step, path), offset: offset, expected: expected, found: found)
        case .repeated(let file, let path): .repeated(file: file, path: JSONPath.joined(step, path))
        case .invalid(let file, let path, let expected, let found):
            .invalid(file: file, path: JSONPath.joined(step, path), expected: expected, found: found)
        case .unknown(let file, let path, let found, let understood):
            .unknown(file: file, path: JSONPath.joined(step, path), found: found, understood: understood)
        }
    }
}

/// The error of whoever reads a JSON file, which can say all that may be wrong with one.
package protocol JSONFailure: Error {
    init(_ error: JSONError)
}

extension JSONFailure {
    /// What `body` gives, its error turned into this one.
    package static func converting<Result>(_ body: () throws(JSONError) -> Result) throws(Self) -> Result {
        do throws(JSONError) {
            return try body()
        } catch {
            throw Self(error)
        }
    }
}

extension JSONError: JSONFailure {
    package init(_ error: JSONError) { self = error }
}
