/// Why a task of the user's own cannot be run. Every description names the file, the key or line, and what to do.
package enum OwnTaskError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(file: String, cause: String)
    case unknownKey(file: String, key: String, nearest: String?, known: [String])
    case missing(file: String, key: String, purpose: String)
    case invalid(file: String, key: String, expected: String, found: String)
    case metric(file: String, name: String, known: [String], form: String)
    case template(file: String, key: String, cause: String)
    /// An item lacks what the task needs of it.
    case item(file: String, line: Int, field: String, cause: String)
    case repeatedID(file: String, line: Int, other: Int, id: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let cause): "--task \(file): \(cause)"
        case .unknownKey(let file, let key, let nearest, let known):
            "--task \(file): unknown key '\(key)'"
                + (nearest.map { ", did you mean '\($0)'?" } ?? "; there are \(known.joined(separator: ", "))")
        case .missing(let file, let key, let purpose): "--task \(file): missing key '\(key)': \(purpose)"
        case .invalid(let file, let key, let expected, let found):
            "--task \(file): \(key): expected \(expected), found \(found)"
        case .metric(let file, let name, let known, let form):
            "--task \(file): metrics: '\(name)' does not score \(form); these do: \(known.joined(separator: ", "))"
        case .template(let file, let key, let cause): "--task \(file): \(key): \(cause)"
        case .item(let file, let line, let field, let cause): "\(file), line \(line): field '\(field)': \(cause)"
        case .repeatedID(let file, let line, let other, let id):
            "\(file), line \(line): the id '\(id)' stands on line \(other) as well"
        }
    }
}
