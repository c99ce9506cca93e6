import JSON

/// Byte pair encoding as the tokenizers library's `BPE` model does it: a word becomes its characters, known
/// neighbours merge by rank, unknown characters become their bytes (`byte_fallback`) or the unknown token.
///
/// Source: Sennrich, Haddow & Birch 2016, arXiv:1508.07909; options: tokenizers, `models/bpe`.
struct BytePairModel {
    let vocabulary: Vocabulary
    private let merges: MergeTable
    /// −1 where the model has none: unknown characters then vanish, as in the library.
    private let unknown: Int32
    private let fusesUnknown: Bool
    private let ignoresMerges: Bool
    /// The ids of the 256 pieces `<0x00>` … `<0xFF>`, −1 where one is missing; empty without `byte_fallback`.
    private let byteIDs: [Int32]
    /// The ids of the single characters below U+3000, so that few look-ups reach the table.
    private let scalarIDs: [Int32]
    /// Whether a word may be cut before every `▁` that follows another character: true when no merge reaches
    /// across such a place. Then a text without pre-tokenizer is worked word by word, with the same outcome.
    private let cutsAtSpaces: Bool

    private static let space: [UInt8] = [0xE2, 0x96, 0x81]

    init(reading scanner: JSONScanner, at file: ModelSection) throws(TokenizerError) {
        let options = file.options
        let isByteFallback = try options.bool("byte_fallback") ?? false
        fusesUnknown = try options.bool("fuse_unk") ?? false
        ignoresMerges = try options.bool("ignore_merges") ?? false
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let field = try options.optional(key), try !field.string().isEmpty {
                throw field.unsupported(understood: "an empty one")
            }
        }
        if let dropout = try options.optional("dropout") {
            guard try dropout.number() == 0 else { throw dropout.unsupported(understood: "none (dropout is random)") }
        }
        var entries = scanner.at(file.vocabulary)
        let vocabulary = try TokenizerError.converting { () throws(JSONError) in
            try Vocabulary(reading: &entries, field: "model.vocab")
        }
        self.vocabulary = vocabulary
        if let field = try options.optional("unk_token") {
            unknown = vocabulary.id(of: Array(try field.string().utf8))
            guard unknown >= 0 else { throw field.invalid("a piece of model.vocab") }
        } else {
            unknown = -1
        }
        var list = scanner.at(file.merges)
        let reader = try TokenizerError.converting { () throws(JSONError) in
            try MergeReader(reading: &list, vocabulary: vocabulary)
        }
        merges = reader.table
        let unknownHasSpace = vocabulary.piece(unknown).map { !$0.isEmpty && $0.contains(0xE2) } ?? false
        cutsAtSpaces =
            !ignoresMerges && !reader.crossesSpaces && !unknownHasSpace && vocabulary.id(of: Self.space) >= 0
        byteIDs =
            isByteFallback
            ? (0..<256).map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return vocabulary.id(of: Array("<0x\(byte < 16 ? "0" : "")\(digits)>".utf8))
            } : []
        scalarIDs = (UInt32(0)..<0x3000).map { value in
            guard let scalar = Unicode.Scalar(value) else { return -1 }
            return vocabulary.id(of: Array(String(scalar).utf8))
        }
    }

    /// Appends the ids of a text that no pre-tokenizer cut further.
    func encode(_ text: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: inout ModelWorkspace) {
        guard cutsAtSpaces else { return encodeWord(text, into: &ids, &workspace) }
        var start = 0
        var index = 0
        var followsOther = false
        while index < text.count {
            if text[index] == 0xE2, index + 2 < text.count, text[index + 1] == 0x96, text[index + 2] == 0x81 {
                if followsOther {
                    encodeWord(UnsafeBufferPointer(rebasing: text[start..<index]), into: &ids, &workspace)
                    start = index
                }
                followsOther = false
                index += 3
            } else {
                followsOther = true
                index += 1
            }
        }
        if start < text.count {
            encodeWord(UnsafeBufferPointer(rebasing: text[start...]), into: &ids, &workspace)
        }
    }

    private func encodeWord(
        _ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: inout ModelWorkspace
    ) {
        guard word.count <= WordCache.wordLimit else { return encodeUncached(word, into: &ids, &workspace) }
        let key = hash(of: word)
        if workspace.cache.append(word, hash: key, to: &ids) { return }
        let start = ids.count
        encodeUncached(word, into: &ids, &workspace)
        workspace.cache.insert(word, hash: key, ids: ids[start...])
    }

    private func encodeUncached(
        _ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: inout ModelWorkspace
    ) {
        if ignoresMerges {
            let id = vocabulary.id(of: word)
            if id >= 0 {
                ids.append(id)
                return
            }
        }
        split(word, into: &workspace.scratch.symbols)
        workspace.scratch.merge(by: merges)
        ids.append(contentsOf: workspace.scratch.symbols)
    }

    /// The word's characters as pieces, before any merge.
    private func split(_ word: UnsafeBufferPointer<UInt8>, into symbols: inout [Int32]) {
        symbols.removeAll(keepingCapacity: true)
        // An unknown token waits here: it is written when the next known character comes. Bytes do not write it,
        // so it comes after them; that is the library's order.
        var waits = false
        var index = 0
        while index < word.count {
            let start = index
            let scalar = nextScalar(word, &index)
            let character = UnsafeBufferPointer(rebasing: word[start..<index])
            let id = scalar.value < 0x3000 ? scalarIDs[Int(scalar.value)] : vocabulary.id(of: character)
            if id >= 0 {
                if waits { symbols.append(unknown) }
                waits = false
                symbols.append(id)
            } else if !byteIDs.isEmpty, character.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                for byte in character { symbols.append(byteIDs[Int(byte)]) }
            } else if unknown >= 0 {
                if waits, !fusesUnknown { symbols.append(unknown) }
                waits = true
            }
        }
        if waits { symbols.append(unknown) }
    }
}

/// What encoding needs to write on: reused from text to text, never shared by two threads at once.
struct ModelWorkspace {
    var cache = WordCache()
    var scratch = MergeScratch()
}
