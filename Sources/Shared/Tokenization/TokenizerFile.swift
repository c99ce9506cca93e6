import Foundation

/// Where the parts of `model` stand in tokenizer.json. Vocabulary and merges are nine tenths of the file: they
/// are read straight into their tables, everything else becomes a value first.
struct ModelSection {
    /// All members of `model` but the two large ones.
    let options: JSONField
    /// The byte at which the object `vocab` begins.
    let vocabulary: Int
    /// The byte at which the array `merges` begins.
    let merges: Int
}

/// A tokenizer.json, opened and looked over.
struct TokenizerFile {
    /// The longest tokenizer.json that is read, in bytes. The largest in use have some 35 MB.
    static let lengthLimit = 128 << 20

    let scanner: JSONScanner
    /// The whole file without `model`.
    let root: JSONField
    let model: ModelSection

    init(_ url: URL) throws(TokenizerError) {
        let file = url.path
        scanner = try JSONScanner(file: file, bytes: try Self.read(url, limit: Self.lengthLimit))
        var reader = scanner
        var members: [JSONValue.Member] = []
        var section: ModelSection?
        var count = 0
        try reader.open(UInt8(ascii: "{"))
        while try reader.next(until: UInt8(ascii: "}"), &count) {
            let key = try reader.string()
            try reader.colon()
            if key == "model" {
                if section != nil {
                    throw .invalid(
                        file: file, field: "model", expected: "one field of that name", found: "a second one")
                }
                section = try Self.model(&reader)
            } else {
                members.append(JSONValue.Member(key: key, value: try reader.value()))
            }
        }
        try reader.finish()
        guard let section else {
            throw .invalid(file: file, field: "model", expected: "an object", found: "none")
        }
        model = section
        root = JSONField(file: file, path: "", value: .object(members))
        // Truncation and padding belong to whoever makes a batch; transformers sets them anew with every call.
        try root.allow([
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
            "decoder",
        ])
    }

    /// Reads a regular file of at most `limit` bytes.
    static func read(_ url: URL, limit: Int) throws(TokenizerError) -> [UInt8] {
        let file = url.path
        let data: Data?
        do {
            let values = try url.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey])
            guard values.isRegularFile == true else {
                throw TokenizerError.unreadable(file: file, reason: "it is no regular file")
            }
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            data = try handle.read(upToCount: limit + 1)
        } catch let error as TokenizerError {
            throw error
        } catch {
            let isMissing = !FileManager.default.fileExists(atPath: file)
            throw .unreadable(
                file: file, reason: isMissing ? "there is no such file" : quoted("\(error)", limit: 200))
        }
        let bytes = [UInt8](data ?? Data())
        guard bytes.count <= limit else { throw .tooLarge(file: file, bytes: bytes.count, limit: limit) }
        return bytes
    }

    private static func model(_ reader: inout JSONScanner) throws(TokenizerError) -> ModelSection {
        var members: [JSONValue.Member] = []
        var vocabulary: Int?
        var merges: Int?
        var count = 0
        func place(_ place: Int?, _ key: String, _ bracket: UInt8) throws(TokenizerError) -> Int {
            let field = JSONField(file: reader.file, path: "model.\(key)", value: .null)
            guard place == nil else { throw field.invalid("one field of that name", found: "a second one") }
            guard reader.upcoming() == bracket else {
                throw field.invalid(bracket == UInt8(ascii: "{") ? "an object" : "an array", found: "another value")
            }
            let start = reader.position
            try reader.skip()
            return start
        }
        try reader.open(UInt8(ascii: "{"))
        while try reader.next(until: UInt8(ascii: "}"), &count) {
            let key = try reader.string()
            try reader.colon()
            // Only BPE has merges, and only the vocabularies of other models are arrays.
            switch key {
            case "vocab" where reader.upcoming() == UInt8(ascii: "{"):
                vocabulary = try place(vocabulary, key, UInt8(ascii: "{"))
            case "merges" where reader.upcoming() == UInt8(ascii: "["):
                merges = try place(merges, key, UInt8(ascii: "["))
            default:
                members.append(JSONValue.Member(key: key, value: try reader.value()))
            }
        }
        let options = JSONField(file: reader.file, path: "model", value: .object(members))
        if let type = try options.optional("type") {
            guard try type.string() == "BPE" else { throw type.unsupported(understood: "BPE") }
        }
        func missing(_ key: String, _ expected: String) throws(TokenizerError) -> TokenizerError {
            let found = try options.optional(key)?.value.summary ?? "none"
            return .invalid(file: reader.file, field: "model.\(key)", expected: expected, found: found)
        }
        guard let vocabulary else { throw try missing("vocab", "an object of pieces and their numbers") }
        guard let merges else { throw try missing("merges", "an array of merges") }
        try options.allow([
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
            "byte_fallback", "ignore_merges",
        ])
        return ModelSection(options: options, vocabulary: vocabulary, merges: merges)
    }
}
