import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Run

extension InjectionOperation: ExpressibleByArgument {}
extension ComputePrecision: ExpressibleByArgument {}
extension BPrompt: ExpressibleByArgument {}
extension EvaluationProtocol: ExpressibleByArgument {}
extension TextCut: ExpressibleByArgument {}
extension ProjectionInitialization: ExpressibleByArgument {}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Train W and run the experiments on models and data of your own.",
        discussion: """
            The same command goes on where an interrupted run stopped. What a run's results depend on is in its \
            run.json; workers, threads and addresses change nothing.

            Example: coordinator run --model-a llama-3.2-3b --model-b llama-3.1-8b --layer-k 26 --layer-j 26 \
            --c4 c4-train.00000-of-01024.json.gz --squad dev-v1.1.json --gsm8k test.jsonl --limit 100 --output runs/3b-8b
            """)

    @Option(
        help: ArgumentHelp(
            "Model that reads: a folder (Hugging Face layout) or a hub id in the local cache.", valueName: "dir"))
    var modelA: String

    @Option(help: ArgumentHelp("Model that answers: a folder or a hub id, as above.", valueName: "dir"))
    var modelB: String

    @Option(help: ArgumentHelp("Read A after so many blocks; 0 is the embedding.", valueName: "k"))
    var layerK: Int

    @Option(help: ArgumentHelp("Write into B after so many blocks; 0 is the embedding.", valueName: "j"))
    var layerJ: Int

    @Option(help: ArgumentHelp("Folder of the run's files.", valueName: "dir"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "What to do, separated by commas: projection, similarity, squad, gsm8k (default: all whose files are named).",
            valueName: "list"))
    var experiments: String?

    @OptionGroup(title: "Data") var data: DataArguments
    @OptionGroup(title: "Training of W") var training: TrainingArguments
    @OptionGroup(title: "Experiments") var evaluation: EvaluationArguments
    @OptionGroup(title: "Workers and addresses") var server: ServerArguments

    @Option(
        name: .customLong("compute-type"),
        help: ArgumentHelp(
            "Round activations to float32 or bfloat16 before they meet weights stored as bfloat16. Every worker does "
                + "alike.",
            valueName: "type"))
    var computePrecision = ComputePrecision.bfloat16

    @Flag(
        help: """
            Put the experiments' prompts into each model's own chat template, as a user's message (as \
            lm-evaluation-harness does with --apply_chat_template). Activations are then read and written at the \
            template's last token. The texts that W learns from stay plain.
            """)
    var chat = false

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 42

    @Option(help: ArgumentHelp("YAML file of settings named as the flags; flags win.", valueName: "file"))
    var config: String?

    func run() async throws {
        try await RunSession(
            configuration: try UsageError.checking { try runConfiguration() }, output: output, server: server
        ).run()
    }

    private func runConfiguration() throws -> RunConfiguration {
        var configuration = RunConfiguration(
            modelA: modelA, modelB: modelB, channels: [Channel(k: layerK, j: layerJ)], operation: evaluation.op,
            computePrecision: computePrecision, chat: chat, experiments: try chosenExperiments(), seed: seed)
        training.apply(to: &configuration.training)
        configuration.training.files = data.c4
        configuration.evaluation.squad = data.squad
        configuration.evaluation.gsm8k = data.gsm8k
        configuration.evaluation.limit = data.limit
        try evaluation.apply(to: &configuration)
        return configuration
    }

    private func chosenExperiments() throws -> [Experiment] {
        guard let experiments else {
            return Experiment.allCases.filter { experiment in
                switch experiment {
                case .projection: !data.c4.isEmpty
                case .similarity: true
                case .squad: data.squad != nil
                case .gsm8k: data.gsm8k != nil
                }
            }
        }
        let names = experiments.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for name in names where Experiment(rawValue: name) == nil {
            throw UsageError(
                "--experiments: '\(name)' is none of \(Experiment.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let chosen = Experiment.allCases.filter { names.contains($0.rawValue) }
        guard !chosen.isEmpty else { throw UsageError("--experiments: expected at least one") }
        return chosen
    }
}

struct DataArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("C4 files (JSON lines, plain or gzip) that W is trained on.", valueName: "file"))
    var c4: [String] = []

    @Option(help: ArgumentHelp("SQuAD v1.1 file.", valueName: "file"))
    var squad: String?

    @Option(help: ArgumentHelp("GSM8K file (JSON lines).", valueName: "file"))
    var gsm8k: String?

    @Option(
        help: ArgumentHelp(
            "Items of each task at most, chosen by the seed (default: all, or 20 with --protocol reference).",
            valueName: "n"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 2 { throw ValidationError("--limit \(limit): expected at least 2") }
    }
}

struct TrainingArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Texts that W learns from.", valueName: "n"))
    var rows = TrainingConfiguration().rows

    @Option(help: ArgumentHelp("Times that each text is visited.", valueName: "n"))
    var epochs = TrainingConfiguration().epochs

    @Option(help: ArgumentHelp("Texts of one step.", valueName: "n"))
    var batch = TrainingConfiguration().batch

    @Option(help: ArgumentHelp("Texts of one shard of a step.", valueName: "n"))
    var shardRows = TrainingConfiguration().shardRows

    @Option(help: ArgumentHelp("Adam's learning rate.", valueName: "x"))
    var learningRate = TrainingConfiguration().learningRate

    @Option(name: .customLong("init"), help: "How W starts.")
    var initialization = TrainingConfiguration().initialization

    @Option(
        help: """
            Where texts end: after 512 characters, at a random word among them, or whole. What W learns from \
            decides what it can say: texts that end in mid-sentence work, full stops do not.
            """)
    var cut = TrainingConfiguration().cut

    @Option(help: ArgumentHelp("Tokens of a text at most.", valueName: "n"))
    var maxTokens = TrainingConfiguration().maximumTokens

    func validate() throws {
        for (flag, value, limit) in [
            ("rows", rows, 10_000_000), ("epochs", epochs, 100_000), ("batch", batch, 65_536),
            ("shard-rows", shardRows, 65_536), ("max-tokens", maxTokens, 1 << 20),
        ] where !(1...limit).contains(value) {
            throw ValidationError("--\(flag) \(value): expected 1 to \(limit)")
        }
        guard learningRate.isFinite, learningRate > 0 else {
            throw ValidationError("--learning-rate \(learningRate): expected a number above 0")
        }
    }

    func apply(to training: inout TrainingConfiguration) {
        training.rows = rows
        training.epochs = epochs
        training.batch = batch
        training.shardRows = shardRows
        training.learningRate = learningRate
        training.initialization = initialization
        training.cut = cut
        training.maximumTokens = maxTokens
    }
}

struct EvaluationArguments: ParsableArguments {
    @Option(help: "How A's activation and B's are combined.")
    var op = InjectionOperation.replace

    @Option(help: "What B itself reads while it is injected into.")
    var bPrompt = EvaluationConfiguration().bPrompt

    @Option(
        name: .customLong("protocol"),
        help: """
            standard: SQuAD up to 32 new tokens, to the newline; GSM8K up to 256, to the next 'Question:'. \
            reference: the reference implementation's item choice, 5 and 10 new tokens.
            """)
    var preset = EvaluationProtocol.standard

    @Option(
        help: ArgumentHelp(
            "Block counts of the similarity experiment, separated by commas (default: quarters of the depth).",
            valueName: "list"))
    var similarityLayers: String?

    @Option(help: ArgumentHelp("New tokens of the similarity experiment.", valueName: "n"))
    var similarityTokens = SimilarityConfiguration().newTokens

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Prompts of the similarity experiment (default: the reference's five).", valueName: "text"))
    var similarityPrompts: [String] = []

    func validate() throws {
        guard (1...4096).contains(similarityTokens) else {
            throw ValidationError("--similarity-tokens \(similarityTokens): expected 1 to 4096")
        }
    }

    func apply(to configuration: inout RunConfiguration) throws {
        configuration.evaluation.bPrompt = bPrompt
        configuration.evaluation.preset = preset
        configuration.similarity.newTokens = similarityTokens
        if !similarityPrompts.isEmpty { configuration.similarity.prompts = similarityPrompts }
        guard let similarityLayers else { return }
        configuration.similarity.layers = try similarityLayers.split(separator: ",").map { part in
            guard let layer = Int(part.trimmingCharacters(in: .whitespaces)), layer >= 0 else {
                throw UsageError("--similarity-layers: '\(part)' is no block count")
            }
            return layer
        }
    }
}
