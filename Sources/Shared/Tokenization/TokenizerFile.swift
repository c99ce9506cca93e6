import Foundation
import JSON

/// Where the parts of `model` stand in tokenizer.json. Vocabulary and merges are nine tenths of the file: they
/// are read straight into their tables, everything else becomes a value first.
struct ModelSection {
    /// All members of `model` but the two large ones.
    let options: TokenizerField
    /// The byte at which the object `vocab` begins.
    let vocabulary: Int
    /// The byte at which the array `merges` begins.
    let merges: Int
}

/// A tokenizer.json, opened and looked over.
struct TokenizerFile {
    /// The longest tokenizer.json that is read, in bytes. The largest in use have some 35 MB.
    static let lengthLimit = 128 << 20

    let bytes: [UInt8]
    let scanner: JSONScanner
    /// The whole file without `model`.
    let root: TokenizerField
    let model: ModelSection

    init(_ url: URL, limit: Int = lengthLimit) throws(TokenizerError) {
        try Self.refuseOtherForm(of: url)
        let contents = try TokenizerError.converting { () throws(JSONError) in
            let bytes = try JSONFile.bytes(of: url, limit: limit)
            let scanner = try JSONScanner(file: url.path, bytes: bytes)
            return (bytes: bytes, scanner: scanner, parts: try Self.parts(scanner))
        }
        bytes = contents.bytes
        scanner = contents.scanner
        root = TokenizerField(file: url.path, value: .object(contents.parts.members))
        guard let parts = contents.parts.model else {
            throw .file(.invalid(file: url.path, path: "model", expected: "an object", found: "none"))
        }
        model = try ModelSection(parts, file: url.path)
        // Truncation and padding belong to whoever makes a batch; transformers sets them anew with every call.
        try root.allow([
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder",
        ])
    }

    /// Refuses the forms that tokenizers had before tokenizer.json, where they are all that is there.
    private static func refuseOtherForm(of url: URL) throws(TokenizerError) {
        let (folder, files) = (url.deletingLastPathComponent(), FileManager.default)
        guard !files.fileExists(atPath: url.path) else { return }
        let others = ["tokenizer.model", "sentencepiece.bpe.model", "spiece.model", "tekken.json", "vocab.json"]
        guard let found = others.first(where: { files.fileExists(atPath: folder.appendingPathComponent($0).path) })
        else {
            return
        }
        throw .otherForm(folder: folder.path, found: found)
    }

    /// All members but `model`, and those of `model`.
    private static func parts(
        _ scanner: JSONScanner
    ) throws(JSONError) -> (members: [JSONValue.Member], model: ModelParts?) {
        var scanner = scanner
        var members: [JSONValue.Member] = []
        var model: ModelParts?
        var (names, count) = (NameSet(), 0)
        try scanner.open(UInt8(ascii: "{"))
        while try scanner.next(until: UInt8(ascii: "}"), &count) {
            let name = try scanner.name(after: &names)
            if name == "model" {
                do throws(JSONError) {
                    model = try ModelParts(&scanner)
                } catch {
                    throw error.inside(name: "model")
                }
            } else {
                members.append(JSONValue.Member(name: name, value: try scanner.value(of: name)))
            }
        }
        try scanner.finish()
        return (members, model)
    }
}

/// The members of `model`, the large ones passed over.
private struct ModelParts {
    var options: [JSONValue.Member] = []
    /// The bytes at which they begin.
    var vocabulary, merges: Int?

    init(_ scanner: inout JSONScanner) throws(JSONError) {
        var (names, count) = (NameSet(), 0)
        try scanner.open(UInt8(ascii: "{"))
        while try scanner.next(until: UInt8(ascii: "}"), &count) {
            let name = try scanner.name(after: &names)
            // Only BPE has merges, and only the vocabularies of other models are arrays.
            switch (name, scanner.upcoming()) {
            case ("vocab", UInt8(ascii: "{")):
                vocabulary = scanner.position
                try scanner.skip()
            case ("merges", UInt8(ascii: "[")):
                merges = scanner.position
                try scanner.skip()
            default:
                options.append(JSONValue.Member(name: name, value: try scanner.value(of: name)))
            }
        }
    }
}

extension ModelSection {
    fileprivate init(_ parts: ModelParts, file: String) throws(TokenizerError) {
        options = TokenizerField(file: file, path: "model", value: .object(parts.options))
        if let type = try options.optional("type") {
            guard try type.string() == "BPE" else { throw type.unsupported(understood: "BPE") }
        }
        guard let vocabulary = parts.vocabulary else {
            throw try options.required("vocab").invalid("an object of pieces and their numbers")
        }
        guard let merges = parts.merges else { throw try options.required("merges").invalid("an array of merges") }
        self.vocabulary = vocabulary
        self.merges = merges
        try options.allow([
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
            "byte_fallback", "ignore_merges",
        ])
    }
}
