import Foundation
import TestSupport

/// Answers scored by Python's own `str`, `re` and `decimal`: scripts/make-references/metrics.py.
struct MetricsFixture: Decodable {
    struct SQuAD: Decodable {
        var answer: String
        var golds: [String]
        var words: [String]
        var exactMatch: Double
        var f1: Double

        private enum CodingKeys: String, CodingKey {
            case answer, golds, words, f1
            case exactMatch = "exact_match"
        }
    }

    struct GSM8K: Decodable {
        var answer: String
        var strict: String?
        var flexible: String?
    }

    struct Edit: Decodable {
        var a: String
        var b: String
        var distance: Int
        var longer: Int
    }

    var squad: [SQuAD]
    var gsm8k: [GSM8K]
    var edits: [Edit]

    static func read() throws -> MetricsFixture {
        let data = try Data(contentsOf: Repository.fixture("Evaluation/metrics.json"))
        return try JSONDecoder().decode(MetricsFixture.self, from: data)
    }
}
