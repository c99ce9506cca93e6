package import Foundation

/// Text to token ids and back, exactly as the `tokenizers` library does it with the same tokenizer.json.
///
/// Added tokens are found in the text first; what lies between them is normalized, cut into words, encoded by
/// byte pair encoding and wrapped by the post-processor's template. Two calls never share what they write on, so
/// one tokenizer serves any number of threads; ids depend on the text alone.
///
///     let tokenizer = try Tokenizer(folder: URL(fileURLWithPath: "Llama-3.2-3B"))
///     let ids = tokenizer.encode("The capital of France is")
package final class Tokenizer: Sendable {
    private let model: BytePairModel
    private let added: AddedVocabulary
    private let normalizer: Normalizer?
    private let preTokenizer: PreTokenizer?
    private let postProcessor: PostProcessor
    private let decoder: TokenDecoder?
    private let pool = WorkspacePool()

    /// One more than the highest id; the rows that an embedding needs. Where ids have no gaps: the number of tokens.
    package let vocabularySize: Int
    /// The tokens that have a part to play, by part, such as `eos_token`: what a chat template may name.
    package let namedTokens: [String: String]
    /// The token that begins a text, where one is named.
    package let bosTokenID: Int32?
    /// The token that ends a text, where one is named.
    package let eosTokenID: Int32?
    /// The ids of the tokens that are marked special, in ascending order.
    package let specialTokenIDs: [Int32]

    /// Reads the tokenizer.json of a model folder, and the files beside it.
    package convenience init(folder: URL) throws(TokenizerError) {
        try self.init(file: folder.appendingPathComponent("tokenizer.json"))
    }

    /// Reads a tokenizer.json; and of tokenizer_config.json, special_tokens_map.json and config.json, where they are
    /// beside it, which special tokens there are. All else that tokenizer_config.json repeats of tokenizer.json, such
    /// as `add_bos_token`, is not read: tokenizer.json is the authority.
    ///
    /// Throws when a file is damaged, when a field cannot be right, and when the file asks for a step that this
    /// tokenizer does not know and that would change the outcome.
    package init(file: URL) throws(TokenizerError) {
        let contents = try TokenizerFile(file)
        let root = contents.root
        var normalizer: Normalizer?
        if let field = try root.optional("normalizer") {
            normalizer = try Normalizer(field)
            try field.checkGrowth(normalizer?.growth ?? 1)
        }
        var preTokenizer: PreTokenizer?
        if let field = try root.optional("pre_tokenizer") {
            preTokenizer = try PreTokenizer(field)
            try field.checkGrowth(preTokenizer?.growth ?? 1)
        }
        var decoder: TokenDecoder?
        if let field = try root.optional("decoder") {
            decoder = try TokenDecoder(field)
            try field.checkGrowth(decoder?.growth ?? 1)
        }
        let model = try BytePairModel(reading: contents.scanner, at: contents.model)
        let special = try SpecialTokens(beside: file, bytes: contents.bytes)
        let added = try AddedVocabulary(
            try root.optional("added_tokens"), special: special, vocabulary: model.vocabulary, normalizer: normalizer)
        let size = max(model.vocabulary.idCount, Int(added.highestID) + 1)
        if let field = try root.optional("post_processor") {
            postProcessor = try PostProcessor(field, idCount: size)
        } else {
            postProcessor = PostProcessor()
        }
        namedTokens = special.named.mapValues(\.content)
        func id(of part: String) -> Int32? {
            special.named[part].flatMap { Self.id(of: Array($0.content.utf8), model.vocabulary, added) }
        }
        bosTokenID = id(of: "bos_token")
        eosTokenID = id(of: "eos_token")
        specialTokenIDs = added.tokens.filter(\.isSpecial).map(\.id).sorted()
        vocabularySize = size
        self.model = model
        self.added = added
        self.normalizer = normalizer
        self.preTokenizer = preTokenizer
        self.decoder = decoder
    }

    // MARK: Encoding

    /// The ids of a text. `addSpecialTokens` says whether the post-processor's template (a beginning-of-text token,
    /// as a rule) is wrapped around them; special tokens inside the text are recognised either way.
    package func encode(_ text: String, addSpecialTokens: Bool = true) -> [Int32] {
        let workspace = pool.borrow()
        defer { pool.giveBack(workspace) }
        var ids: [Int32] = []
        ids.reserveCapacity(text.utf8.count / 3 + 8)
        var text = text
        text.withUTF8 { text in
            added.forEachPart(in: text, inNormalized: false) { part, id in
                if let id {
                    ids.append(id)
                } else {
                    let stretch = UnsafeBufferPointer(rebasing: text[part])
                    encode(stretch, opensText: part.lowerBound == 0, into: &ids, workspace)
                }
            }
        }
        return addSpecialTokens ? postProcessor.apply(to: ids) : ids
    }

    /// Encodes a stretch without (unnormalized) added tokens.
    private func encode(
        _ stretch: UnsafeBufferPointer<UInt8>, opensText: Bool, into ids: inout [Int32], _ workspace: EncodingWorkspace
    ) {
        var opensText = opensText
        var bytes = Array(stretch)
        normalizer?.apply(to: &bytes, opensText: &opensText)
        bytes.withUnsafeBufferPointer { text in
            added.forEachPart(in: text, inNormalized: true) { part, id in
                if let id {
                    ids.append(id)
                } else {
                    let opensText = opensText && part.lowerBound == 0
                    encodeWords(UnsafeBufferPointer(rebasing: text[part]), opensText, into: &ids, workspace)
                }
            }
        }
    }

    private func encodeWords(
        _ text: UnsafeBufferPointer<UInt8>, _ opensText: Bool, into ids: inout [Int32], _ workspace: EncodingWorkspace
    ) {
        guard let preTokenizer else { return model.encode(text, into: &ids, &workspace.model) }
        var list = PieceList()
        list.bytes = Array(text)
        list.pieces = [PieceList.Piece(start: 0, end: text.count, opensText: opensText)]
        preTokenizer.apply(to: &list)
        list.bytes.withUnsafeBufferPointer { bytes in
            for piece in list.pieces {
                let word = UnsafeBufferPointer(rebasing: bytes[piece.start..<piece.end])
                model.encode(word, into: &ids, &workspace.model)
            }
        }
    }

    // MARK: Decoding

    /// The text of some ids. Ids without a token are passed over; bytes that are no UTF-8 become U+FFFD.
    package func decode(_ ids: [Int32], skipSpecialTokens: Bool = true) -> String {
        var tokens: [[UInt8]] = []
        tokens.reserveCapacity(ids.count)
        for id in ids {
            guard let token = bytes(of: id) else { continue }
            if skipSpecialTokens, added.isSpecial(token) { continue }
            tokens.append(token)
        }
        guard let decoder else {
            return String(decoding: Array(tokens.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
        }
        decoder.apply(to: &tokens)
        return String(decoding: tokens.joined(), as: UTF8.self)
    }

    /// Bytes of text that a token adds at most to what ``decode(_:skipSpecialTokens:)`` returns. It reads the whole
    /// vocabulary.
    package var textBytesPerToken: Int {
        let longest = (0..<vocabularySize).reduce(0) { max($0, bytes(of: Int32($1))?.count ?? 0) }
        // A byte that is no UTF-8 becomes three; a space may stand between tokens.
        return Int((3 * Double(longest + 1) * (decoder?.growth ?? 1)).rounded(.up))
    }

    // MARK: Tokens

    /// A token as the library writes it, for example "▁Once" or "Ġthe"; nil for an id without one.
    package func token(for id: Int32) -> String? {
        bytes(of: id).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The id of a token as the library writes it, compared by bytes.
    package func id(of token: String) -> Int32? {
        Self.id(of: Array(token.utf8), model.vocabulary, added)
    }

    private func bytes(of id: Int32) -> [UInt8]? {
        added.form(id) ?? model.vocabulary.piece(id).map { Array($0) }
    }

    private static func id(of token: [UInt8], _ vocabulary: Vocabulary, _ added: AddedVocabulary) -> Int32? {
        if let id = added.id(of: token) { return id }
        let id = vocabulary.id(of: token)
        return id >= 0 ? id : nil
    }
}
