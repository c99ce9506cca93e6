import ActivationFiles
import ArgumentParser
import Console
import Devices
import Foundation
import Generation
import Models
import Projection
import Run
import WorkerEngine

extension InjectionOperation: ExpressibleByArgument {}

struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Continue a prompt greedily, with another model's activation if wanted.",
        discussion: """
            --inject takes a file that 'worker activations' wrote. Its activation is mapped by --projection (the W \
            that a run wrote) and put into the model after --layer-j blocks, at the prompt's last token.
            """)

    @OptionGroup var model: ModelArguments

    @Option(help: "The prompt.")
    var prompt: String

    @Flag(help: "Put the prompt into the model's chat template, as a user's message.")
    var chat = false

    @OptionGroup var template: TemplateArguments
    @OptionGroup var thinking: ThinkingArguments

    @Option(help: ArgumentHelp("Tokens to generate at most.", valueName: "n"))
    var maxNewTokens = 64

    @Option(
        help: ArgumentHelp("File of an activation to inject.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var inject: String?

    @Option(
        help: ArgumentHelp(
            "Which of the file's activations: its block count (where there are several).", valueName: "k"))
    var layerK: Int?

    @Option(
        help: ArgumentHelp("File of the projection W.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var projection: String?

    @Option(help: ArgumentHelp("Write after so many blocks; 0 is the embedding.", valueName: "j"))
    var layerJ: Int?

    @Option(help: "How the two activations are combined.")
    var op = InjectionOperation.replace

    @Option(help: "text or json.")
    var format = OutputFormat.text

    private struct Output: Encodable {
        var prompt: String
        var promptTokens: [Int32]
        var tokens: [Int32]
        var text: String
        var finish: String

        enum CodingKeys: String, CodingKey {
            case prompt
            case promptTokens = "prompt_tokens"
            case tokens, text, finish
        }
    }

    func validate() throws {
        guard maxNewTokens >= 0 else { throw ValidationError("--max-new-tokens \(maxNewTokens): expected 0 or more") }
        if inject != nil, layerJ == nil { throw ValidationError("--inject needs --layer-j: after how many blocks") }
        if inject == nil, projection != nil || layerJ != nil {
            throw ValidationError("--projection and --layer-j belong to --inject FILE")
        }
    }

    func run() async throws {
        let loaded = try model.load(chat: chat, template: template, thinkEnd: thinking.thinkEnd)
        if let token = thinking.thinkEnd, loaded.reading.thinkEnd == nil {
            throw UsageError("--think-end \(token): no token of \(model.model); give it as tokenizer.json writes it")
        }
        let injection = try UsageError.checking { try readInjection(into: loaded) }
        let tokens = try UsageError.checking { try loaded.tokens(ofPrompt: prompt) }
        let limits = GenerationLimits(maximumNewTokens: maxNewTokens)
        let request = loaded.request(tokens, limits: limits, injection: injection)
        let result = try Generator(model: loaded.model).generate([request])[0]
        let text = loaded.answer(result, limits: limits).text
        switch format {
        case .text: Terminal.output.writeData(text + "\n")
        case .json:
            try JSONOutput.write(
                Output(
                    prompt: prompt, promptTokens: tokens, tokens: result.tokens, text: text,
                    finish: result.finish.rawValue))
        }
    }

    private func readInjection(into loaded: LoadedModel) throws -> Injection? {
        guard let inject, let layerJ else { return nil }
        guard layerJ >= 0 else { throw UsageError("--layer-j \(layerJ): expected 0 or more") }
        let dimension = loaded.folder.configuration.hiddenSize
        let file = try ActivationFile(URL(fileURLWithPath: inject))
        var vector = try file.activation(
            afterBlocks: layer(in: file, path: inject), dimension: projection == nil ? dimension : nil)
        if let projection {
            let w = try ProjectionFile.read(
                URL(fileURLWithPath: projection), dimensionA: vector.count, dimensionB: dimension)
            vector = try LinearProjection(w).project(vector, on: loaded.model.device)
        }
        return Injection(site: ActivationSite(afterBlocks: layerJ), operation: op, vector: vector)
    }

    private func layer(in file: ActivationFile, path: String) throws(UsageError) -> Int {
        if let layerK { return layerK }
        guard let only = file.layers.first, file.layers.count == 1 else {
            let found = file.layers.map(String.init).joined(separator: ", ")
            throw UsageError(
                "\(path): expected the activation of one layer, found layers \(found); choose one with --layer-k")
        }
        return only
    }
}
