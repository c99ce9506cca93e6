package import Foundation
package import JSON
package import ModelFolders
package import Run

/// A file of figures that another implementation computed for a model, as the project's script makes it with Hugging Face
/// transformers.
package struct ModelReferenceFile: Sendable {
    package let model: String?
    /// Of whatever computed the figures, by name.
    package let versions: [String: String]?
    package let reference: ModelReference

    private static let maximumBytes = 256 << 20

    /// Reads a reference file.
    package init(file: URL) throws(ReferenceError) {
        let root = try ReferenceField(contentsOf: file, limit: Self.maximumBytes)
        model = try root.string("model")
        versions = try root.optional("versions")?.strings()
        reference = ModelReference(
            prompts: try root.required("prompts").map { field throws(ReferenceError) in
                try ModelReference.Prompt(field)
            },
            tokenizerCases: try root.required("tokenizer_cases").map { field throws(ReferenceError) in
                try ModelReference.TokenizerCase(field)
            })
        guard !reference.prompts.isEmpty || !reference.tokenizerCases.isEmpty else {
            throw ReferenceError(
                .invalid(
                    file: file.path, path: "prompts", expected: "prompts or tokenizer_cases", found: "neither"))
        }
    }

    /// What computed the figures, for people; nil where the file does not say.
    package var making: String? {
        versions.map { versions in
            versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
    }
}

extension ModelReference {
    /// Why these cannot be figures of a model of this shape: the field, what was expected and found; nil where they can.
    package func misfit(of shape: ModelConfiguration) -> String? {
        for (place, prompt) in prompts.enumerated() {
            if let misfit = prompt.misfit(of: shape) { return "prompts[\(place)].\(misfit)" }
        }
        for (place, item) in tokenizerCases.enumerated() {
            if let misfit = Prompt.misfit("ids", item.ids, of: shape) { return "tokenizer_cases[\(place)].\(misfit)" }
        }
        return nil
    }
}

extension ModelReference.Prompt {
    fileprivate func misfit(of shape: ModelConfiguration) -> String? {
        Self.misfit("ids", ids, of: shape)
            ?? Self.misfit("continuation_ids", continuationIds, of: shape)
            ?? misfitOfLength(positions: shape.maximumPositions)
            ?? misfitOfResidual(blocks: shape.blockCount, hidden: shape.hiddenSize)
            ?? Self.misfit("embedding_last", embeddingLast, count: shape.hiddenSize)
            ?? Self.misfit("final_norm_last", finalNormLast, count: shape.hiddenSize)
            ?? Self.misfit("logits_full", logits, count: shape.vocabularySize)
            ?? misfitOfFirstLogits(vocabulary: shape.vocabularySize)
    }

    private func misfitOfLength(positions: Int) -> String? {
        guard !ids.isEmpty, ids.count + continuationIds.count <= positions else {
            return "ids: expected 1 token or more, at most \(positions) with the continuation, found \(ids.count) and "
                + "\(continuationIds.count)"
        }
        guard let tokens, tokens.count != ids.count else { return nil }
        return "tokens: expected \(ids.count), one for each id, found \(tokens.count)"
    }

    private func misfitOfResidual(blocks: Int, hidden: Int) -> String? {
        guard let residual = residualAfterBlock, (residual.rows, residual.columns) != (blocks, hidden) else {
            return nil
        }
        return
            "residual_after_block: expected \(blocks) blocks × \(hidden), found \(residual.rows) × \(residual.columns)"
    }

    private func misfitOfFirstLogits(vocabulary: Int) -> String? {
        guard let firstLogits, firstLogits.count > vocabulary else { return nil }
        return "last_logits.first16: expected at most \(vocabulary) numbers, found \(firstLogits.count)"
    }

    private static func misfit(_ field: String, _ values: [Float]?, count: Int) -> String? {
        guard let values, values.count != count else { return nil }
        return "\(field): expected \(count) numbers, found \(values.count)"
    }

    fileprivate static func misfit(_ field: String, _ ids: [Int32], of shape: ModelConfiguration) -> String? {
        guard let odd = ids.first(where: { Int($0) >= shape.vocabularySize }) else { return nil }
        return "\(field): expected ids below \(shape.vocabularySize), found \(odd)"
    }
}

extension ModelReference.Prompt {
    fileprivate init(_ field: ReferenceField) throws(ReferenceError) {
        self.init(
            prompt: try field.required("prompt").string(), ids: try field.required("ids").ids(),
            tokens: try field.optional("tokens")?.map { token throws(ReferenceError) in try token.string() },
            decoded: try field.string("decoded"), continuationIds: try field.required("continuation_ids").ids(),
            continuationText: try field.string("continuation_text"),
            firstLogits: try field.optional("last_logits")?.required("first16").floats(),
            logits: try field.optional("logits_full")?.floats(),
            residualAfterBlock: try field.optional("residual_after_block")?.matrix(),
            embeddingLast: try field.optional("embedding_last")?.floats(),
            finalNormLast: try field.optional("final_norm_last")?.floats())
    }
}

extension ModelReference.TokenizerCase {
    fileprivate init(_ field: ReferenceField) throws(ReferenceError) {
        self.init(
            text: try field.required("text").string(), ids: try field.required("ids").ids(),
            decoded: try field.string("decoded"), decodedWithSpecial: try field.string("decoded_with_special"))
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

    fileprivate func ids() throws(ReferenceError) -> [Int32] {
        try map { element throws(ReferenceError) in Int32(try element.integer(in: 0...Int(Int32.max))) }
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

    /// Rows of equally many numbers.
    fileprivate func matrix() throws(ReferenceError) -> FloatMatrix {
        var values: [Float] = []
        var columns: Int?
        let rows = try elements()
        for row in rows {
            let floats = try row.floats()
            guard floats.count == columns ?? floats.count else {
                throw row.invalid("\(columns ?? 0) numbers, as in the rows before", found: "\(floats.count)")
            }
            columns = floats.count
            values += floats
        }
        return FloatMatrix(rows: rows.count, columns: columns ?? 0, values: values)
    }

    /// An object of strings.
    fileprivate func strings() throws(ReferenceError) -> [String: String] {
        var strings: [String: String] = [:]
        for (name, field) in try members() { strings[name] = try field.string() }
        return strings
    }
}
