import Foundation

/// One question of SQuAD v1.1 (Rajpurkar et al., 2016).
package struct SQuADItem: Hashable, Sendable {
    package let id: String
    /// The article's title.
    package let title: String
    /// The paragraph that holds the answer.
    package let context: String
    package let question: String
    /// Texts of the answers that annotators gave, in the file's order, repetitions included; at least one.
    package let golds: [String]
}

/// A file in SQuAD v1.1's layout: `data[].paragraphs[].{context, qas[].{id, question, answers[].text}}`.
package struct SQuADDataset: Sendable {
    /// In the file's order; at least one; no two of the same id.
    package let items: [SQuADItem]

    /// Bytes of the largest file that is read.
    package static let maximumBytes = 512 << 20

    private struct Document: Decodable {
        var data: [Article]
    }

    private struct Article: Decodable {
        var title: String?
        var paragraphs: [Paragraph]
    }

    private struct Paragraph: Decodable {
        var context: String
        var qas: [Question]
    }

    private struct Question: Decodable {
        var id: String
        var question: String
        var answers: [Answer]
    }

    private struct Answer: Decodable {
        var text: String
    }

    /// Reads a file, plain or gzip.
    /// - Throws: ``DatasetError``, naming the file and the place in it.
    package init(file: String) throws(DatasetError) {
        let bytes = try FileBytes(file: file).all(limit: Self.maximumBytes)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed(file: file, path: "", cause: "not UTF-8")
        }
        let data = Data(bytes)
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: data)
        } catch {
            let place = DecodingPlace(error, in: data)
            throw .malformed(file: file, path: place.path, cause: place.cause)
        }
        items = try Self.items(of: document, file: file)
        guard !items.isEmpty else { throw .empty(file: file, expected: "questions") }
    }

    private static func items(of document: Document, file: String) throws(DatasetError) -> [SQuADItem] {
        var items: [SQuADItem] = []
        var places: [String: String] = [:]
        for (a, article) in document.data.enumerated() {
            for (p, paragraph) in article.paragraphs.enumerated() {
                let paragraphPlace = "data[\(a)].paragraphs[\(p)]"
                guard !paragraph.context.isEmpty else {
                    throw .malformed(file: file, path: paragraphPlace + ".context", cause: "empty")
                }
                for (q, question) in paragraph.qas.enumerated() {
                    let place = paragraphPlace + ".qas[\(q)]"
                    if let field = emptyField(of: question) {
                        throw .malformed(file: file, path: place + field.name, cause: field.cause)
                    }
                    if let other = places.updateValue(place, forKey: question.id) {
                        throw .malformed(file: file, path: place + ".id", cause: "the same id as \(other).id")
                    }
                    items.append(
                        SQuADItem(
                            id: question.id, title: article.title ?? "", context: paragraph.context,
                            question: question.question, golds: question.answers.map(\.text)))
                }
            }
        }
        return items
    }

    private static func emptyField(of question: Question) -> (name: String, cause: String)? {
        if question.id.isEmpty { return (".id", "empty") }
        if question.question.isEmpty { return (".question", "empty") }
        if question.answers.isEmpty {
            return (".answers", "empty; every question has an answer in SQuAD v1.1 (v2.0 is another task)")
        }
        if let index = question.answers.firstIndex(where: { $0.text.isEmpty }) {
            return (".answers[\(index)].text", "empty")
        }
        return nil
    }
}
