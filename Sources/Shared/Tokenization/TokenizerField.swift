import JSON

/// A field of a tokenizer's file.
typealias TokenizerField = JSONField<TokenizerError>

extension TokenizerField {
    /// The `type` of a component.
    func type() throws(TokenizerError) -> String { try required("type").string() }

    /// A string's UTF-8, for text that is put into other text.
    func shortText() throws(TokenizerError) -> [UInt8] {
        let bytes = Array(try string().utf8)
        guard bytes.count <= 1024 else { throw invalid("at most 1024 bytes", found: "\(bytes.count)") }
        return bytes
    }

    /// A string of exactly one Unicode scalar.
    func scalar() throws(TokenizerError) -> Unicode.Scalar {
        let text = try string()
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw invalid("one character")
        }
        return scalar
    }

    /// Refuses steps that together could lengthen a text without measure. Those in use reach a few hundred.
    func checkGrowth(_ growth: Double) throws(TokenizerError) {
        guard growth <= 10_000 else {
            throw invalid("steps that lengthen a text at most 10,000-fold", found: "more than that")
        }
    }

    func unsupported(understood: String) -> TokenizerError {
        .unsupported(file: file, field: path, value: value.summary, understood: understood)
    }
}
