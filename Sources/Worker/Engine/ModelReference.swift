package import Foundation
package import JSON

/// Figures that another implementation computed for a model: a file as the project's script makes it with Hugging
/// Face transformers.
package struct ModelReference: Sendable {
    package var model: String?
    package var versions: [String: String]?
    package var prompts: [Prompt]
    package var tokenizerCases: [TokenizerCase]

    package struct Prompt: Sendable {
        package var prompt: String
        package var ids: [Int32]
        package var tokens: [String]?
        package var decoded: String?
        /// Greedy, without a stop at an end-of-text token.
        package var continuationIds: [Int32]
        package var continuationText: String?
        package var lastLogits: LastLogits?
        package var logitsFull: [Float]?
        /// [blocks][width]: the residual stream at the last token after each block.
        package var residualAfterBlock: [[Float]]?
        package var embeddingLast: [Float]?
        package var finalNormLast: [Float]?
    }

    package struct LastLogits: Sendable {
        package var argmax: Int32
        package var first16: [Float]
    }

    package struct TokenizerCase: Sendable {
        package var text: String
        package var ids: [Int32]
        package var decoded: String?
        package var decodedWithSpecial: String?
    }

    private static let maximumBytes = 256 << 20

    /// Reads a reference file.
    package init(file: URL) throws(ReferenceError) {
        let root = try ReferenceField(contentsOf: file, limit: Self.maximumBytes)
        model = try root.string("model")
        versions = try root.optional("versions")?.strings()
        prompts = try root.required("prompts").map { field throws(ReferenceError) in try Prompt(field) }
        tokenizerCases = try root.required("tokenizer_cases").map { field throws(ReferenceError) in
            try TokenizerCase(field)
        }
        guard !prompts.isEmpty || !tokenizerCases.isEmpty else {
            throw ReferenceError(
                .invalid(
                    file: file.path, path: "prompts", expected: "prompts or tokenizer_cases", found: "neither"))
        }
    }
}

extension ModelReference.Prompt {
    fileprivate init(_ field: ReferenceField) throws(ReferenceError) {
        prompt = try field.required("prompt").string()
        ids = try field.required("ids").ids()
        tokens = try field.optional("tokens")?.map { token throws(ReferenceError) in try token.string() }
        decoded = try field.string("decoded")
        continuationIds = try field.required("continuation_ids").ids()
        continuationText = try field.string("continuation_text")
        lastLogits = try field.optional("last_logits").map(ModelReference.LastLogits.init)
        logitsFull = try field.optional("logits_full")?.floats()
        residualAfterBlock = try field.optional("residual_after_block")?.map { row throws(ReferenceError) in
            try row.floats()
        }
        embeddingLast = try field.optional("embedding_last")?.floats()
        finalNormLast = try field.optional("final_norm_last")?.floats()
    }
}

extension ModelReference.LastLogits {
    fileprivate init(_ field: ReferenceField) throws(ReferenceError) {
        argmax = try field.required("argmax").id()
        first16 = try field.required("first16").floats()
    }
}

extension ModelReference.TokenizerCase {
    fileprivate init(_ field: ReferenceField) throws(ReferenceError) {
        text = try field.required("text").string()
        ids = try field.required("ids").ids()
        decoded = try field.string("decoded")
        decodedWithSpecial = try field.string("decoded_with_special")
    }
}

/// Why a reference file cannot be used.
package struct ReferenceError: JSONFailure, CustomStringConvertible {
    private let error: JSONError

    package init(_ error: JSONError) { self.error = error }

    package var description: String { "\(error.file): not a reference file: \(error.placedCause)" }
}

private typealias ReferenceField = JSONField<ReferenceError>

extension ReferenceField {
    fileprivate func map<Content>(
        _ content: (ReferenceField) throws(ReferenceError) -> Content
    ) throws(ReferenceError) -> [Content] {
        var contents: [Content] = []
        for element in try elements() { contents.append(try content(element)) }
        return contents
    }

    /// A token's id.
    fileprivate func id() throws(ReferenceError) -> Int32 { Int32(try integer(in: 0...Int(Int32.max))) }

    fileprivate func ids() throws(ReferenceError) -> [Int32] {
        try map { element throws(ReferenceError) in try element.id() }
    }

    fileprivate func floats() throws(ReferenceError) -> [Float] {
        guard case .array(let elements) = value else { throw invalid("an array of numbers") }
        var floats: [Float] = []
        floats.reserveCapacity(elements.count)
        for element in elements {
            // From its digits at once: by way of a double it would be rounded twice.
            guard case .numeral(let numeral) = element, let float = Float(numeral.text), float.isFinite else {
                throw invalid("an array of numbers", found: element.summary)
            }
            floats.append(float)
        }
        return floats
    }

    /// An object of strings.
    fileprivate func strings() throws(ReferenceError) -> [String: String] {
        var strings: [String: String] = [:]
        for (name, field) in try members() { strings[name] = try field.string() }
        return strings
    }
}
