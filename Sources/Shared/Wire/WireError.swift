/// A message that cannot be read.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of message: `register`, `grant`, `status reply`, …
    package private(set) var message: String
    /// The path of the field in the message's header, as `unit.extract.texts[3]`; empty where no field is at fault.
    package private(set) var field: String
    package let expected: String
    package let found: String

    init(message: String = "message", field: String = "", expected: String, found: String) {
        self.message = message
        self.field = field
        self.expected = expected
        self.found = found
    }

    /// One line.
    package var description: String { "\(cause); run the same version of the program on both sides" }

    /// What is wrong, without what to do about it.
    package var cause: String {
        let place = field.isEmpty ? "" : ", field \(field)"
        return "malformed \(message)\(place): expected \(expected), found \(found)"
    }

    /// The error as seen from the message that holds the one it was thrown in.
    fileprivate func inside(_ outer: String) -> WireError {
        var error = self
        error.field = field.isEmpty ? outer : "\(outer).\(field)"
        return error
    }

    fileprivate func inMessage(_ name: String) -> WireError {
        var error = self
        error.message = name
        return error
    }
}

/// Runs `body`; an error's field is then named from `field` on. The name is made only where there is an error.
func within<T>(
    _ field: @autoclosure () -> String, _ body: () throws(WireError) -> T
) throws(WireError) -> T {
    do {
        return try body()
    } catch {
        throw error.inside(field())
    }
}

/// Runs `body`; an error then names the kind of message `name`.
func reading<T>(_ name: String, _ body: () throws(WireError) -> T) throws(WireError) -> T {
    do {
        return try body()
    } catch {
        throw error.inMessage(name)
    }
}

/// What `body` reads, with the kind of message that it is; an error names that too.
func named<T>(_ kind: String, _ body: () throws(WireError) -> T) throws(WireError) -> (kind: String, message: T) {
    (kind, try reading(kind, body))
}
