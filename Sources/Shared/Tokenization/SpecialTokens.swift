import Foundation
import JSON

/// The tokens that have a part to play, such as `bos_token`, and those that are looked for in texts besides
/// tokenizer.json's own: as transformers 5 puts them together from the files beside tokenizer.json.
///
/// tokenizer_config.json names them; special_tokens_map.json does so instead where tokenizer_config.json has no
/// `added_tokens_decoder`; what neither names, not even as null, has the name that the tokenizer's class gives it.
struct SpecialTokens {
    /// The longest file that is read, in bytes.
    static let lengthLimit = 16 << 20

    /// A token as a file describes it: its text, or an object with `content` and flags.
    struct Description {
        let content: String
        /// Nil where the file has the text alone.
        let flags: TokenizerField?
        /// Whether it is special where no flags say so.
        var isSpecial = true
    }

    /// By part, such as `eos_token`.
    private(set) var named: [String: Description] = [:]
    /// Special tokens without a part.
    private(set) var others: [Description] = []
    /// Of tokenizer_config.json's `added_tokens_decoder`, or of added_tokens.json without it, in the order of their
    /// numbers.
    private(set) var declared: [Description] = []

    /// Those with a part, in the order in which transformers adds them.
    var inOrder: [Description] {
        let own = named.keys.filter { !Self.standard.contains($0) }.sorted()
        return (Self.standard + own).compactMap { named[$0] }
    }

    private static let standard = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    /// Reads the files beside `tokenizer`, a tokenizer.json with these bytes. What is missing names no tokens.
    init(beside tokenizer: URL, bytes: [UInt8]) throws(TokenizerError) {
        func root(_ name: String) throws(TokenizerError) -> TokenizerField? {
            let url = tokenizer.deletingLastPathComponent().appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: url.path) else { return nil }
            return try TokenizerField(contentsOf: url, limit: Self.lengthLimit)
        }
        let configuration = try root("tokenizer_config.json")
        let model = try root("config.json")
        var given: [String: TokenizerField] = [:]
        for (name, field) in try configuration?.members() ?? [] { given[name] = field }
        if let decoder = given["added_tokens_decoder"] {
            declared = try Self.declared(decoder)
        } else {
            for (name, field) in try root("special_tokens_map.json")?.members() ?? [] { given[name] = field }
        }
        try read(given)
        let older = try root("added_tokens.json")
        if let older, given["added_tokens_decoder"] == nil {
            let special = Set((inOrder + others).map { Array($0.content.utf8) })
            declared = try Self.declared(older: older, special: special)
        }
        let (ownClass, modelClass) = (
            try configuration?.string("tokenizer_class"), try model?.string("tokenizer_class")
        )
        let standing = TokenizerClass(
            declared: ownClass ?? modelClass, modelType: try model?.string("model_type"),
            isByteLevel: { bytes.contains(run: Array("\"ByteLevel\"".utf8)) })
        for (name, content) in standing.tokens where given[name] == nil {
            named[name] = Description(content: content, flags: nil)
        }
    }

    /// What the files name.
    private mutating func read(_ given: [String: TokenizerField]) throws(TokenizerError) {
        for (name, field) in given where name.hasSuffix("_token") && field.value != .null {
            // Parts of its own that a model has are texts; the standard ones may have flags.
            switch field.value {
            case .string(let content): named[name] = Description(content: content, flags: nil)
            case .object where Self.standard.contains(name): named[name] = try Self.description(field)
            case _ where Self.standard.contains(name): throw field.invalid("a token: a text, or an object")
            default: continue
            }
        }
        // The older name counts where the newer one says nothing.
        let extra = [given["extra_special_tokens"], given["additional_special_tokens"]].compactMap(\.self)
            .first { ![.null, .array([]), .object([])].contains($0.value) }
        guard let extra else { return }
        if case .object = extra.value {
            for (name, field) in try extra.members() { named[name] = try Self.description(field) }
        } else {
            for element in try extra.elements() { others.append(try Self.description(element)) }
        }
    }

    private static func declared(_ decoder: TokenizerField) throws(TokenizerError) -> [Description] {
        var tokens: [(id: Int, token: Description)] = []
        for (name, field) in try decoder.members() {
            guard let id = Int(name) else { throw field.invalid("a token under its number") }
            tokens.append((id, try description(field)))
        }
        return tokens.sorted { $0.id < $1.id }.map(\.token)
    }

    /// Of added_tokens.json: texts and their numbers.
    private static func declared(
        older file: TokenizerField, special: Set<[UInt8]>
    ) throws(TokenizerError) -> [Description] {
        var tokens: [(id: Int, token: Description)] = []
        for (name, field) in try file.members() {
            let id = try field.integer(in: 0...Vocabulary.idLimit - 1)
            let isSpecial = special.contains(Array(name.utf8))
            tokens.append((id, Description(content: name, flags: nil, isSpecial: isSpecial)))
        }
        return tokens.sorted { $0.id < $1.id }.map(\.token)
    }

    private static func description(_ field: TokenizerField) throws(TokenizerError) -> Description {
        if case .string(let content) = field.value { return Description(content: content, flags: nil) }
        return Description(content: try field.required("content").string(), flags: field)
    }
}

/// The class with which transformers 5 opens a tokenizer, as far as it names tokens by itself.
private struct TokenizerClass {
    let tokens: [String: String]

    private static let known: [String: [String: String]] = [
        "LlamaTokenizer": ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"],
        "CodeLlamaTokenizer": [
            "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "prefix_token": "▁<PRE>",
            "middle_token": "▁<MID>", "suffix_token": "▁<SUF>", "eot_token": "▁<EOT>", "fill_token": "<FILL_ME>",
        ],
        "Qwen2Tokenizer": [
            "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
        ],
        "GemmaTokenizer": [
            "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>",
            "mask_token": "<mask>",
        ],
        "GPT2Tokenizer": [
            "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
        ],
    ]

    /// - Parameters:
    ///   - declared: `tokenizer_class` of tokenizer_config.json, else of config.json.
    ///   - isByteLevel: whether tokenizer.json speaks of bytes as letters. Llama's class does not, and gives way.
    init(declared: String?, modelType: String?, isByteLevel: () -> Bool) {
        var name = declared
        if let declared, declared.hasSuffix("Fast") { name = String(declared.dropLast(4)) }
        switch modelType {
        // transformers knows that these folders declare others, and does not believe them.
        case "qwen2": name = "Qwen2Tokenizer"
        case "mistral": name = nil
        case "qwen3" where name == nil: name = "Qwen2Tokenizer"
        case "gemma2" where name == nil: name = "GemmaTokenizer"
        default: break
        }
        if name == "LlamaTokenizer", isByteLevel() { name = nil }
        tokens = name.flatMap { Self.known[$0] } ?? [:]
    }
}

extension [UInt8] {
    fileprivate func contains(run wanted: [UInt8]) -> Bool {
        var start = startIndex
        while let first = self[start...].firstIndex(of: wanted[0]) {
            if self[first...].starts(with: wanted) { return true }
            start = first + 1
        }
        return false
    }
}
