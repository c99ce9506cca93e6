/// What JSON has as its description: a text that says all of it.
package protocol CodedAsText: Codable, LosslessStringConvertible {
    /// What a reader of another text is told to write: `a channel such as "26:26"`.
    static var expectation: String { get }
}

extension CodedAsText {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected \(Self.expectation), found \"\(text)\"")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
