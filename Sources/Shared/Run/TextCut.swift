/// Where the texts that W learns from end.
package enum TextCut: String, CaseIterable, Codable, Hashable, Sendable {
    /// The whole text, up to the limit of tokens.
    case whole
    /// After 512 characters, as the reference implementation does.
    case characters
    /// At a random word boundary among the first 512 characters, drawn from the seed and the row.
    case word
}
