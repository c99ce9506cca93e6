import Foundation

/// What lm-evaluation-harness makes of GSM8K: scripts/make-references/harness.py.
package struct HarnessFigures: Decodable, Sendable {
    package struct Problem: Codable, Sendable {
        package var question: String
        package var answer: String
    }

    package struct Sample: Decodable, Sendable {
        package var population: Int
        package var count: Int
        package var drawn: [[Int]]
    }

    package struct Generation: Decodable, Sendable {
        package var until: [String]
    }

    package struct Item: Decodable, Sendable {
        /// Of eight worked examples its digest.
        package var prompt: String
        package var response: String
        package var strict: String
        package var flexible: String
        package var strictMatch: Double
        package var flexibleMatch: Double
        package var docHash: String
        package var promptHash: String
        package var targetHash: String
    }

    package struct Block: Decodable, Sendable {
        package var shots: Int
        package var scores: [String: Double]
        package var generation: Generation
        package var items: [Item]
    }

    package struct PublishedItem: Decodable, Sendable {
        package var promptHash: String
    }

    package struct PublishedBlock: Decodable, Sendable {
        package var shots: Int
        package var items: [PublishedItem]
    }

    /// What `random.Random(1234).sample` draws, one sample after the other.
    package var samples: [Sample]
    package var train: [Problem]
    package var test: [Problem]
    package var madeUp: [Block]
    /// Of the published test file's first problems.
    package var published: [PublishedBlock]

    package static func read() throws -> HarnessFigures {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Self.self, from: Data(contentsOf: Repository.fixture("Evaluation/harness.json")))
    }
}
