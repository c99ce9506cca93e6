import ArgumentParser
import Console
import Foundation
import ModelFolders
import Tokenization

struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Turn text into a model's token ids.",
        discussion: "Without --text, each line of the standard input is a text.")

    @Option(help: ArgumentHelp(modelHelp, valueName: "dir"), completion: .directory)
    var model: String

    @Option(help: "The text.")
    var text: String?

    @Option(help: "text: ids separated by spaces; json: ids and tokens.")
    var format = OutputFormat.text

    private struct Tokens: Encodable {
        var text: String
        var ids: [Int32]
        var tokens: [String]
    }

    func run() async throws {
        let tokenizer = try UsageError.checking { try Tokenizer(folder: ModelFolder.locate(model)) }
        if let text {
            try show(text, tokenizer)
        } else {
            while let line = readLine() { try show(line, tokenizer) }
        }
    }

    private func show(_ text: String, _ tokenizer: Tokenizer) throws {
        let ids = tokenizer.encode(text)
        switch format {
        case .text: Terminal.output.writeLine(ids.map(String.init).joined(separator: " "))
        case .json:
            try JSONOutput.write(Tokens(text: text, ids: ids, tokens: ids.map { tokenizer.token(for: $0) ?? "" }))
        }
    }
}
