import Foundation
import TestSupport
import Testing
import Tokenization

struct ConcurrentEncodingTests {
    @Test(arguments: ["llama3", "llama2", "flags-lowercase"])
    func `one tokenizer gives every thread the ids it gives one`(name: String) async throws {
        let cases = try LibraryCases(name)
        let tokenizer = try Tokenizer(folder: Repository.fixture("Tokenizers/\(name)"))
        let texts = cases.encoded.map(\.text)
        let expected = cases.encoded.map(\.ids)
        await withTaskGroup(of: [[Int32]].self) { group in
            for _ in 0..<8 { group.addTask { texts.map { tokenizer.encode($0) } } }
            for await ids in group { #expect(ids == expected) }
        }
    }
}
