import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// A tokenizer without tokenizer.json is named as what it is. The command was run on GPT-2's two files with
/// transformers 5, and wrote a tokenizer.json.
struct OtherFormTests {
    @Test(arguments: ["tokenizer.model", "vocab.json", "tekken.json"])
    func `a tokenizer in another form is named`(name: String) throws {
        let folder = try TemporaryFolder()
        try Data("{}".utf8).write(to: folder.file(name))
        let error = "\(try #require(throws: TokenizerError.self) { try Tokenizer(folder: folder.url) })"
        #expect(
            error.contains("\(name) is there and no tokenizer.json; make it: python3 -c ") && !error.contains("\n"),
            "\(error)")
    }
}
