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
            that a run wrote) and put into the model after --layer-j blocks, at the prompt's last token or at --position. \
            Several numbers of blocks, 18,22, write it at each of them, with an activation for each: of several files, or \
            of the --layer-k of one; and with a W for each.
            """)

    @OptionGroup var model: ModelArguments

    @OptionGroup var prompt: PromptArguments
    @OptionGroup var thinking: ThinkingArguments

    @Option(help: ArgumentHelp("Tokens to generate at most.", valueName: "n"))
    var maxNewTokens = 64

    @Option(
        help: ArgumentHelp(
            "A text before the first of which the continuation ends (may be given several times).", valueName: "text"))
    var stop: [String] = []

    @OptionGroup var sites: InjectionArguments

    @Option(help: "How the two activations are combined.")
    var op = InjectionOperation.replace

    @Option(help: ArgumentHelp("The activation is multiplied by it before.", valueName: "number"))
    var alpha = 1.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The token that is written: -1 is the last, -2 the one before; content is the message's last, under --chat; "
                + "all takes the activations of all tokens, which meet the prompt's from the end.",
            valueName: "p"))
    var position = TokenPosition.last

    @Flag(
        help: """
            Scale the activation to the median norm of the model's own stream there, over the prompt's tokens; \
            --alpha multiplies it then.
            """)
    var matchNorm = false

    @Option(help: "text or json.")
    var format = OutputFormat.text

    private struct Output: Encodable {
        var prompt: String
        var promptTokens: [Int32]
        var tokens: [Int32]
        var text: String
        var finish: String
        /// Of what was injected, as a run's samples have it.
        var message: Message?

        struct Message: Encodable {
            var sha256: String
            var norm: Double
        }

        enum CodingKeys: String, CodingKey {
            case prompt
            case promptTokens = "prompt_tokens"
            case tokens, text, finish, message
        }
    }

    func validate() throws {
        guard maxNewTokens >= 0 else { throw ValidationError("--max-new-tokens \(maxNewTokens): expected 0 or more") }
        if sites.inject.isEmpty, !sites.areEmpty || alpha != 1 || matchNorm || position != .last {
            throw ValidationError(
                "--projection, --layer-j, --alpha, --match-norm and --position belong to --inject FILE")
        }
        guard alpha.isFinite else { throw ValidationError("--alpha \(alpha): expected a finite number") }
    }

    func run() async throws {
        let loaded = try model.load(chat: prompt.chat, template: prompt.template, thinkEnd: thinking.thinkEnd)
        if let token = thinking.thinkEnd, loaded.reading.thinkEnd == nil {
            throw UsageError("--think-end \(token): no token of \(model.model); give it as tokenizer.json writes it")
        }
        let tokens = try prompt.tokens(for: loaded)
        let injections = try UsageError.checking { try sites.read().map { try injection($0, into: loaded, tokens) } }
        let limits = GenerationLimits(maximumNewTokens: maxNewTokens, stopStrings: stop)
        let request = loaded.request(tokens, limits: limits, injections: injections)
        let result = try Generator(model: loaded.model).generate([request])[0]
        let text = loaded.answer(result, limits: limits).text
        switch format {
        case .text: Terminal.output.writeData(text + "\n")
        case .json:
            try JSONOutput.write(
                Output(
                    prompt: prompt.text(of: tokens, by: loaded), promptTokens: tokens, tokens: result.tokens,
                    text: text, finish: result.finish.rawValue,
                    message: injections.isEmpty
                        ? nil : Output.Message(sha256: injections.digest, norm: injections.norm)))
        }
    }

    private func injection(
        _ given: InjectionArguments.Site, into loaded: LoadedModel, _ tokens: [Int32]
    ) throws -> Injection {
        let dimension = loaded.folder.configuration.hiddenSize
        let width = given.projection == nil ? dimension : nil
        let places = try prompt.places(of: position, in: tokens, for: loaded)
        var vectors =
            position == .all
            ? Array(try given.file.activations(afterBlocks: given.k, dimension: width).suffix(places.count))
            : [try given.file.activation(afterBlocks: given.k, dimension: width)]
        if let projection = given.projection {
            let w = LinearProjection(
                try ProjectionFile.read(
                    URL(fileURLWithPath: projection), dimensionA: vectors.first?.count ?? 0, dimensionB: dimension))
            vectors = try vectors.map { try w.project($0, on: loaded.model.device) }
        }
        let site = ActivationSite(afterBlocks: given.j)
        let norm =
            matchNorm
            ? try ReceiverNorm.medians(
                of: [tokens], in: loaded.model, at: [site], coordinates: min(vectors.first?.count ?? 0, dimension))[0][
                    0] : nil
        return Injection(
            site: site, vectors: vectors, by: Condition.Delivery(op, strength: alpha, matchesNorm: matchNorm),
            norm: norm,
            width: dimension, following: tokens.count - places.upperBound)
    }
}
