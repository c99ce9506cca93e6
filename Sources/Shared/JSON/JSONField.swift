package import Foundation

/// A value together with the place it came from, so that whoever reads it can say what is wrong with which field.
///
///     let root = try JSONField<DatasetError>(contentsOf: url, limit: 1 << 20)
///     for article in try root.required("data").elements() { titles.append(try article.required("title").string()) }
package struct JSONField<Failure: JSONFailure>: Sendable {
    package let file: String
    package let value: JSONValue
    private let place: JSONPath

    /// For example `pre_tokenizer.pretokenizers[0].pattern`; empty for the document.
    package var path: String { place.text }

    package init(file: String, path: String = "", value: JSONValue) {
        self.init(file: file, value: value, place: .start(path))
    }

    private init(file: String, value: JSONValue, place: JSONPath) {
        self.file = file
        self.value = value
        self.place = place
    }

    /// The document in a file of at most `limit` bytes.
    package init(contentsOf url: URL, limit: Int) throws(Failure) {
        let bytes = try Failure.converting { () throws(JSONError) in try JSONFile.bytes(of: url, limit: limit) }
        try self.init(file: url.path, bytes: bytes)
    }

    /// The document that these bytes of `file` are.
    /// - Parameter members: the names of the members that are read, at whatever depth; all where it is nil.
    package init(file: String, bytes: [UInt8], members: Set<String>? = nil) throws(Failure) {
        let value = try Failure.converting { () throws(JSONError) in
            var scanner = try JSONScanner(file: file, bytes: bytes, members: members)
            return try scanner.document()
        }
        self.init(file: file, value: value)
    }

    // MARK: Objects

    /// The members, in the file's order.
    package func members() throws(Failure) -> [(name: String, field: JSONField)] {
        guard case .object(let members) = value else { throw invalid("an object") }
        return members.map { ($0.name, below($0.name, $0.value)) }
    }

    /// Whether there is a member of that name, be it null.
    package func contains(_ name: String) throws(Failure) -> Bool { try member(name) != nil }

    /// The member of that name, nil where it is missing or null.
    package func optional(_ name: String) throws(Failure) -> JSONField? {
        guard let value = try member(name), value != .null else { return nil }
        return below(name, value)
    }

    /// The member of that name, which is not null.
    package func required(_ name: String) throws(Failure) -> JSONField {
        let found = try member(name)
        guard let found, found != .null else {
            throw below(name, .null).invalid("a value", found: found == nil ? "none" : "null")
        }
        return below(name, found)
    }

    /// Refuses members of other names: an option that is not understood may change the outcome.
    package func allow(_ names: Set<String>) throws(Failure) {
        guard case .object(let members) = value else { throw invalid("an object") }
        for member in members where !names.contains(member.name) {
            throw Failure(
                .unknown(
                    file: file, path: path(of: member.name), found: member.value.summary, understood: names.sorted()))
        }
    }

    /// The path that a member of that name has.
    package func path(of name: String) -> String { JSONPath.member(of: place, name).text }

    private func member(_ name: String) throws(Failure) -> JSONValue? {
        guard case .object(let members) = value else { throw invalid("an object") }
        return members.first { $0.name.hasSameBytes(as: name) }?.value
    }

    private func below(_ name: String, _ value: JSONValue) -> JSONField {
        JSONField(file: file, value: value, place: .member(of: place, name))
    }

    // MARK: Typed values

    package func elements() throws(Failure) -> [JSONField] {
        guard case .array(let elements) = value else { throw invalid("an array") }
        return elements.enumerated().map { index, element in
            JSONField(file: file, value: element, place: .element(of: place, index))
        }
    }

    package func string() throws(Failure) -> String {
        guard case .string(let value) = value else { throw invalid("a string") }
        return value
    }

    package func bool() throws(Failure) -> Bool {
        guard case .bool(let value) = value else { throw invalid("true or false") }
        return value
    }

    /// A whole number within bounds, written without fraction and exponent.
    package func integer(in bounds: ClosedRange<Int>) throws(Failure) -> Int {
        guard case .numeral(let numeral) = value, let value = numeral.integer, bounds.contains(value) else {
            throw invalid("a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return value
    }

    /// A number, the nearest one of double precision.
    package func number() throws(Failure) -> Double {
        guard case .numeral(let numeral) = value, let value = numeral.double else { throw invalid("a number") }
        return value
    }

    // MARK: Typed members, nil where they are missing or null

    package func string(_ name: String) throws(Failure) -> String? { try optional(name)?.string() }
    package func bool(_ name: String) throws(Failure) -> Bool? { try optional(name)?.bool() }
    package func integer(_ name: String, in bounds: ClosedRange<Int>) throws(Failure) -> Int? {
        try optional(name)?.integer(in: bounds)
    }

    // MARK: Errors

    package func invalid(_ expected: String, found: String? = nil) -> Failure {
        Failure(.invalid(file: file, path: path, expected: expected, found: found ?? value.summary))
    }
}
