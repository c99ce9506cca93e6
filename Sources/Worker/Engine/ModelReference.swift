package import Foundation

/// Figures that another implementation computed for a model: a file as the project's script makes it with Hugging
/// Face transformers.
package struct ModelReference: Decodable, Sendable {
    package var model: String?
    package var versions: [String: String]?
    package var prompts: [Prompt]
    package var tokenizerCases: [TokenizerCase]

    package struct Prompt: Decodable, Sendable {
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

    package struct LastLogits: Decodable, Sendable {
        package var argmax: Int32
        package var first16: [Float]
    }

    package struct TokenizerCase: Decodable, Sendable {
        package var text: String
        package var ids: [Int32]
        package var decoded: String?
        package var decodedWithSpecial: String?
    }

    private static let maximumBytes = 256 << 20

    /// Reads a reference file.
    package init(file: URL) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            guard size <= Self.maximumBytes else { throw ReferenceError.tooLarge(file: file.path, bytes: size) }
            self = try decoder.decode(Self.self, from: try Data(contentsOf: file))
        } catch let error as ReferenceError {
            throw error
        } catch DecodingError.keyNotFound(let key, _) {
            throw ReferenceError.unreadable(file: file.path, cause: "no field '\(key.stringValue)'")
        } catch DecodingError.typeMismatch(let type, let context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw ReferenceError.unreadable(file: file.path, cause: "\(path): expected \(type)")
        } catch {
            throw ReferenceError.unreadable(file: file.path, cause: error.localizedDescription)
        }
        guard !prompts.isEmpty || !tokenizerCases.isEmpty else {
            throw ReferenceError.unreadable(file: file.path, cause: "it holds neither prompts nor tokenizer cases")
        }
    }
}

package enum ReferenceError: Error, CustomStringConvertible {
    case unreadable(file: String, cause: String)
    case tooLarge(file: String, bytes: Int)

    package var description: String {
        switch self {
        case .unreadable(let file, let cause): "\(file): not a reference file: \(cause)"
        case .tooLarge(let file, let bytes): "\(file): \(bytes) bytes, too large for a reference file"
        }
    }
}
