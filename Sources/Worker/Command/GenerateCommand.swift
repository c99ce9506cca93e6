import ArgumentParser
import Console
import Devices
import Foundation
import Generation
import Models
import Projection
import Run
import Weights
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

    @Option(help: ArgumentHelp("Tokens to generate at most.", valueName: "n"))
    var maxNewTokens = 64

    @Option(help: ArgumentHelp("File of an activation to inject.", valueName: "file"))
    var inject: String?

    @Option(
        help: ArgumentHelp(
            "Which of the file's activations: its block count (where there are several).", valueName: "k"))
    var layerK: Int?

    @Option(help: ArgumentHelp("File of the projection W.", valueName: "file"))
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
        let loaded = try model.load(chat: chat)
        let injection = try UsageError.checking { try readInjection(on: loaded.model.device) }
        let tokens = try UsageError.checking { try loaded.tokens(ofPrompt: prompt) }
        let request = GenerationRequest(
            tokens: tokens, injection: injection, maximumNewTokens: maxNewTokens,
            endTokens: Set(loaded.folder.configuration.endTokens))
        let result = try Generator(model: loaded.model).generate([request])[0]
        let text = loaded.tokenizer.decode(result.tokens)
        switch format {
        case .text: Terminal.output.writeLine(text)
        case .json:
            try JSONOutput.write(
                Output(
                    prompt: prompt, promptTokens: tokens, tokens: result.tokens, text: text,
                    finish: result.finish.rawValue))
        }
    }

    private func readInjection(on device: any Device) throws -> Injection? {
        guard let inject, let layerJ else { return nil }
        guard layerJ >= 0 else { throw UsageError("--layer-j \(layerJ): expected 0 or more") }
        var vector = try activation(in: inject)
        if let projection {
            let file = try SafetensorsFile(URL(fileURLWithPath: projection))
            guard let tensor = try file.tensor("proj.weight"), tensor.shape.count == 2 else {
                throw UsageError(
                    "\(projection): expected a matrix 'proj.weight', found \(file.names.joined(separator: ", "))")
            }
            let w = FloatMatrix(rows: tensor.shape[0], columns: tensor.shape[1], values: try tensor.floats())
            vector = try LinearProjection(w).project(vector, on: device)
        }
        return Injection(site: ActivationSite(afterBlocks: layerJ), operation: op, vector: vector)
    }

    private func activation(in path: String) throws -> [Float] {
        let file = try SafetensorsFile(URL(fileURLWithPath: path))
        let name: String
        if let layerK {
            name = "layer.\(layerK)"
        } else {
            let names = file.names.filter { $0.hasPrefix("layer.") }
            guard let only = names.first, names.count == 1 else {
                throw UsageError(
                    "\(path): expected one activation 'layer.<k>', found \(file.names.joined(separator: ", ")); "
                        + "choose one with --layer-k")
            }
            name = only
        }
        guard let tensor = try file.tensor(name), tensor.shape.count == 1 else {
            throw UsageError("\(path): expected a vector '\(name)', found \(file.names.joined(separator: ", "))")
        }
        return try tensor.floats()
    }
}
