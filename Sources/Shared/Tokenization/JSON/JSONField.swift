/// A value together with the place it came from, so that whoever reads it can say what is wrong with which field.
struct JSONField {
    let file: String
    /// For example `pre_tokenizer.pretokenizers[0].pattern`.
    let path: String
    let value: JSONValue

    // MARK: Members

    /// The member of that name, nil where it is missing or null.
    func optional(_ key: String) throws(TokenizerError) -> JSONField? {
        guard case .object(let members) = value else { throw invalid("an object") }
        var found: JSONField?
        for member in members where member.key.utf8.elementsEqual(key.utf8) {
            let field = JSONField(file: file, path: path.isEmpty ? key : "\(path).\(key)", value: member.value)
            if found != nil { throw field.invalid("one field of that name", found: "a second one") }
            found = field
        }
        if case .null? = found?.value { return nil }
        return found
    }

    /// The member of that name.
    func required(_ key: String) throws(TokenizerError) -> JSONField {
        guard let field = try optional(key) else {
            let place = path.isEmpty ? key : "\(path).\(key)"
            throw .invalid(file: file, field: place, expected: "a value", found: "none")
        }
        return field
    }

    /// Refuses members of other names: an option that is not understood may change the outcome.
    func allow(_ keys: Set<String>) throws(TokenizerError) {
        guard case .object(let members) = value else { throw invalid("an object") }
        for member in members where !keys.contains(member.key) {
            let name = quoted(member.key)
            throw .unsupported(
                file: file, field: path.isEmpty ? name : "\(path).\(name)", value: member.value.summary,
                understood: keys.sorted().joined(separator: ", "))
        }
    }

    // MARK: Typed values

    func bool(_ key: String, default fallback: Bool) throws(TokenizerError) -> Bool {
        guard let field = try optional(key) else { return fallback }
        guard case .bool(let value) = field.value else { throw field.invalid("true or false") }
        return value
    }

    func string() throws(TokenizerError) -> String {
        guard case .string(let value) = value else { throw invalid("a string") }
        return value
    }

    /// A string's UTF-8, for text that is put into other text.
    func shortText() throws(TokenizerError) -> [UInt8] {
        let bytes = Array(try string().utf8)
        guard bytes.count <= 1024 else { throw invalid("at most 1024 bytes", found: "\(bytes.count)") }
        return bytes
    }

    /// Refuses steps that together could lengthen a text without measure. Those in use reach a few hundred.
    func checkGrowth(_ growth: Double) throws(TokenizerError) {
        guard growth <= 10_000 else {
            throw invalid("steps that lengthen a text at most 10,000-fold", found: "more than that")
        }
    }

    /// A whole number within bounds.
    func integer(in bounds: ClosedRange<Int>) throws(TokenizerError) -> Int {
        guard case .integer(let value) = value, bounds.contains(value) else {
            throw invalid("a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return value
    }

    /// A string of exactly one Unicode scalar.
    func scalar() throws(TokenizerError) -> Unicode.Scalar {
        let text = try string()
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw invalid("one character")
        }
        return scalar
    }

    func elements() throws(TokenizerError) -> [JSONField] {
        guard case .array(let elements) = value else { throw invalid("an array") }
        return elements.enumerated().map { index, element in
            JSONField(file: file, path: "\(path)[\(index)]", value: element)
        }
    }

    /// The `type` of a component.
    func type() throws(TokenizerError) -> String { try required("type").string() }

    // MARK: Errors

    func invalid(_ expected: String, found: String? = nil) -> TokenizerError {
        let place = path.isEmpty ? "the file's value" : path
        return .invalid(file: file, field: place, expected: expected, found: found ?? value.summary)
    }

    func unsupported(understood: String) -> TokenizerError {
        .unsupported(file: file, field: path, value: value.summary, understood: understood)
    }
}
