import Foundation
import TestSupport
import Testing
import Tokenization

/// Trained models' tokenizers, against figures that Hugging Face transformers computed.
@Suite(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct ReferenceModelTests {
    static let names = ["stories260K", "stories260K-bf16-sharded", "babyllama105"]

    private struct Reference: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
            let decoded: String
            let decodedWithSpecial: String
        }
        struct Prompt: Decodable {
            let prompt: String
            let ids: [Int32]
            let tokens: [String]
            let continuationIds: [Int32]
        }
        let tokenizerCases: [Case]
        let prompts: [Prompt]
    }

    private func reference(_ name: String) throws -> Reference {
        let data = try Data(contentsOf: SharedData.path("models/\(name)/reference.json"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Reference.self, from: data)
    }

    @Test(arguments: names)
    func `all 76 texts have the same ids and decode to the same text`(name: String) throws {
        let tokenizer = try Tokenizer(folder: SharedData.path("models/\(name)"))
        let cases = try reference(name).tokenizerCases
        #expect(cases.count == 76)
        for item in cases {
            let name = item.text.debugDescription
            #expect(tokenizer.encode(item.text) == item.ids, "\(name)")
            #expect(Array(tokenizer.decode(item.ids).utf8) == Array(item.decoded.utf8), "\(name)")
            let special = tokenizer.decode(item.ids, skipSpecialTokens: false)
            #expect(Array(special.utf8) == Array(item.decodedWithSpecial.utf8), "\(name)")
        }
    }

    @Test(arguments: names)
    func `the prompts have the same ids and tokens`(name: String) throws {
        let tokenizer = try Tokenizer(folder: SharedData.path("models/\(name)"))
        for item in try reference(name).prompts {
            let ids = tokenizer.encode(item.prompt)
            #expect(ids == item.ids)
            #expect(ids.map { tokenizer.token(for: $0) ?? "" } == item.tokens)
            #expect(item.tokens.map { tokenizer.id(of: $0) } == ids)
            #expect(item.continuationIds.allSatisfy { tokenizer.token(for: $0) != nil })
        }
    }

    @Test(arguments: names)
    func `special tokens are named by tokenizer_config.json`(name: String) throws {
        let tokenizer = try Tokenizer(folder: SharedData.path("models/\(name)"))
        #expect(tokenizer.bosTokenID == 1)
        #expect(tokenizer.eosTokenID == 2)
        #expect(tokenizer.specialTokenIDs == [0, 1, 2])
        #expect(tokenizer.vocabularySize == (name == "babyllama105" ? 105 : 512))
        #expect(tokenizer.id(of: "<s>") == 1)
        #expect(tokenizer.id(of: "no such token") == nil)
    }
}
