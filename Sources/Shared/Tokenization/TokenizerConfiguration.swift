import Foundation
import JSON

/// What tokenizer_config.json adds: which tokens begin and end a text. What it repeats from tokenizer.json
/// (added tokens, `add_bos_token`) is not read: tokenizer.json is the authority.
struct TokenizerConfiguration {
    /// The longest tokenizer_config.json that is read, in bytes.
    static let lengthLimit = 16 << 20

    let beginning: TokenizerField?
    let end: TokenizerField?

    /// Reads the file; a missing one names no tokens.
    init(_ url: URL) throws(TokenizerError) {
        guard FileManager.default.fileExists(atPath: url.path) else {
            beginning = nil
            end = nil
            return
        }
        let root = try TokenizerField(contentsOf: url, limit: Self.lengthLimit)
        beginning = try Self.content(try root.optional("bos_token"))
        end = try Self.content(try root.optional("eos_token"))
    }

    /// A token stands there as a string, or as an object that has its `content`.
    private static func content(_ field: TokenizerField?) throws(TokenizerError) -> TokenizerField? {
        guard let field else { return nil }
        if case .object = field.value { return try field.required("content") }
        return field
    }
}
