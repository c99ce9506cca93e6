import ArgumentParser
import Console
import Devices
import Foundation
import Generation
import Models
import PlainText
import Run
import WorkerEngine

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a model's speed: reading a prompt, writing an answer.",
        discussion: """
            As llama-bench does: random tokens, median and spread of several runs after one to warm up. Below the figures \
            stands which kernels compute what: those that were fastest on this processor when it was first met.
            """)

    @OptionGroup var model: ModelArguments

    @Option(help: ArgumentHelp("Tokens of the prompt that is read.", valueName: "n"))
    var promptTokens = 512

    @Option(help: ArgumentHelp("Tokens that are written, one after the other.", valueName: "n"))
    var newTokens = 64

    @Option(help: ArgumentHelp("Runs of each.", valueName: "n"))
    var repetitions = 5

    @Option(help: "text or json.")
    var format = OutputFormat.text

    private struct Line: Encodable {
        var model: String
        var device: String
        var kernels: [String]
        var threads: Int
        var test: String
        var tokensPerSecond: Double
        var lowest: Double
        var highest: Double

        enum CodingKeys: String, CodingKey {
            case model, device, kernels, threads, test
            case tokensPerSecond = "tokens_per_second"
            case lowest, highest
        }
    }

    func validate() throws {
        guard promptTokens > 0, newTokens > 0, (1...1000).contains(repetitions) else {
            throw ValidationError("--prompt-tokens, --new-tokens and --repetitions: expected at least 1")
        }
    }

    func run() async throws {
        let loaded = try model.load()
        let positions = loaded.folder.configuration.maximumPositions
        guard promptTokens <= positions, newTokens < positions else {
            throw UsageError("\(model.model) has \(positions) positions; choose fewer tokens")
        }
        var random = NamedGenerator(seed: 0, purpose: "bench")
        let vocabulary = loaded.folder.configuration.vocabularySize
        let prompt = (0..<promptTokens).map { _ in Int32(random.index(below: vocabulary)) }

        let reading = try measure(promptTokens) {
            let cache = try loaded.model.makeCache()
            _ = try loaded.model.step([SequenceStep(cache: cache, tokens: prompt, head: .greedyToken)])
        }
        let writing = try measure(newTokens) {
            _ = try Generator(model: loaded.model).generate([
                GenerationRequest(tokens: Array(prompt.prefix(1)), maximumNewTokens: newTokens)
            ])
        }
        let device = loaded.model.device
        try show(
            [line("pp\(promptTokens)", reading, on: device), line("tg\(newTokens)", writing, on: device)], of: device)
    }

    /// Tokens a second of each run, sorted.
    private func measure(_ tokens: Int, _ body: () throws -> Void) throws -> [Double] {
        try body()
        return try (0..<repetitions).map { _ in
            let start = ContinuousClock.now
            try body()
            return Double(tokens) / ((ContinuousClock.now - start) / .seconds(1))
        }.sorted()
    }

    private func line(_ test: String, _ rates: [Double], on device: any Device) -> Line {
        Line(
            model: (model.model as NSString).lastPathComponent, device: device.kind.rawValue, kernels: device.details,
            threads: device.threads, test: test, tokensPerSecond: rates[rates.count / 2],
            lowest: rates[0], highest: rates[rates.count - 1])
    }

    private func show(_ lines: [Line], of device: any Device) throws {
        guard format == .text else {
            for line in lines { try JSONOutput.write(line) }
            return
        }
        var table = Table([
            .init("model"), .init("device"), .init("threads", .trailing), .init("test", .trailing),
            .init("tokens/s", .trailing), .init("lowest – highest", .trailing),
        ])
        for line in lines {
            table.add([
                line.model, line.device, String(line.threads), line.test,
                Quantities.fixed(line.tokensPerSecond, digits: 1),
                "\(Quantities.fixed(line.lowest, digits: 1)) – \(Quantities.fixed(line.highest, digits: 1))",
            ])
        }
        Terminal.output.writeLine(table.text(width: Terminal.output.width))
        for line in device.details { Terminal.output.writeLine(line) }
    }
}
