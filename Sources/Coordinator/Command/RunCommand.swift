import ArgumentParser
import Console
import Evaluation
import Foundation
import Run
import Tasks

extension InjectionOperation: ExpressibleByArgument {}
extension ComputeType: ExpressibleByArgument {}
extension BPrompt: ExpressibleByArgument {}
extension EvaluationProtocol: ExpressibleByArgument {}
extension TextCut: ExpressibleByArgument {}
extension ProjectionInitialization: ExpressibleByArgument {}
extension Channel: ExpressibleByArgument {}

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
    var layerK: Int?

    @Option(help: ArgumentHelp("Write into B after so many blocks; 0 is the embedding.", valueName: "j"))
    var layerJ: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Channels k:j in place of --layer-k and --layer-j, several if wanted: A's texts are read once for all of \
            them, and each has its own W, files and scores.
            """, valueName: "k:j"))
    var channel: [Channel] = []

    @Option(help: ArgumentHelp("Folder of the run's files.", valueName: "dir"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "What to do, separated by commas: \(Self.experimentNames.joined(separator: ", ")) (default: all whose files "
                + "are named).", valueName: "list"))
    var experiments: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            W's that are there, in place of training: safetensors files as a run writes them or as PyTorch's \
            nn.Linear(bias=False) gives them, one for each channel.
            """, valueName: "file"))
    var projection: [String] = []

    @Flag(help: "No W: A's activation goes into B as it is.")
    var noProjection = false

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
    var computeType = ComputeType.bfloat16

    @Flag(
        help: """
            Put the experiments' prompts into each model's own chat template, as a user's message (as \
            lm-evaluation-harness does with --apply_chat_template). Activations are then read and written at the \
            template's last token. The texts that W learns from stay plain.
            """)
    var chat = false

    @OptionGroup(title: "How the models are read") var reading: ReadingArguments

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 42

    @Option(help: ArgumentHelp("YAML file of settings named as the flags; flags win.", valueName: "file"))
    var config: String?

    func validate() throws {
        _ = try channels()
        if noProjection, !projection.isEmpty {
            throw ValidationError("--projection and --no-projection exclude each other")
        }
    }

    func run() async throws {
        try await RunSession(
            configuration: try UsageError.checking { try runConfiguration() }, output: output, server: server,
            activations: data.activations
        ).run()
    }

    private func runConfiguration() throws -> RunConfiguration {
        var configuration = RunConfiguration(
            modelA: modelA, modelB: modelB, channels: try channels(), operation: evaluation.op,
            strength: evaluation.alpha, computeType: computeType, chat: chat, reading: try reading.settings(),
            experiments: try chosenExperiments(),
            projection: noProjection ? .none : projection.isEmpty ? .trained : .files(projection), seed: seed)
        training.apply(to: &configuration.training)
        configuration.training.files = data.c4
        for file in data.tasks { configuration.evaluation.files[file.task] = file.path }
        configuration.evaluation.limit = data.limit
        configuration.skipUnreadable = data.skipUnreadable
        try evaluation.apply(to: &configuration)
        return configuration
    }

    /// Of `--channel`, or of `--layer-k` and `--layer-j`.
    private func channels() throws -> [Channel] {
        switch (layerK, layerJ, channel.isEmpty) {
        case (let k?, let j?, true):
            guard k >= 0, j >= 0 else { throw ValidationError("--layer-k \(k) --layer-j \(j): expected 0 or more") }
            return [Channel(k: k, j: j)]
        case (nil, nil, false):
            if let twice = channel.first(where: { wanted in channel.count { $0 == wanted } > 1 }) {
                throw ValidationError("--channel \(twice): given twice")
            }
            return channel
        case (_, _, false): throw ValidationError("--channel stands in place of --layer-k and --layer-j")
        case (nil, _, true):
            throw ValidationError("missing --layer-k: after how many blocks A is read (or --channel K:J)")
        case (_, nil, true):
            throw ValidationError("missing --layer-j: after how many blocks B is written (or --channel K:J)")
        }
    }

    /// What `--experiments` may name, in the order of a run.
    private static let experimentNames = ["projection", "similarity"] + TaskDefinition.all.map(\.name)

    private func chosenExperiments() throws -> [Experiment] {
        let all = Self.experimentNames.map(Experiment.init)
        guard let experiments else {
            return all.filter { experiment in
                switch experiment {
                case .projection: !data.c4.isEmpty
                case .similarity: true
                case .evaluate(let task): data.tasks.contains { $0.task == task }
                }
            }
        }
        let names = experiments.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for name in names where !Self.experimentNames.contains(name) {
            throw UsageError(
                "--experiments: '\(name)' is none of \(Self.experimentNames.joined(separator: ", "))")
        }
        let chosen = all.filter { names.contains($0.rawValue) }
        guard !chosen.isEmpty else { throw UsageError("--experiments: expected at least one") }
        return chosen
    }
}

struct DataArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("C4 files (JSON lines, plain or gzip) that W is trained on.", valueName: "file"))
    var c4: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            The --output of an earlier run: what it has read of the same texts with the same models is taken over \
            instead of being read again.
            """, valueName: "dir"))
    var activations: String?

    @Option(name: TaskFile.names, help: TaskFile.help)
    var tasks: [TaskFile] = []

    @Option(
        help: ArgumentHelp(
            "Items of each task at most, chosen by the seed (default: all, or 20 with --protocol reference).",
            valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Texts and items to pass over at most because a model cannot read them (default: none).", valueName: "n"))
    var skipUnreadable: Int?

    func validate() throws {
        if let skipUnreadable, skipUnreadable < 0 {
            throw ValidationError("--skip-unreadable \(skipUnreadable): expected 0 or more")
        }
        if let limit, limit < 2 { throw ValidationError("--limit \(limit): expected at least 2") }
        if let twice = tasks.first(where: { file in tasks.count { $0.task == file.task } > 1 }) {
            throw ValidationError("--\(twice.task): given twice")
        }
    }
}

struct TrainingArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Texts that W learns from.", valueName: "n"))
    var rows = TrainingConfiguration().rows

    @Option(
        help: ArgumentHelp(
            "Texts after those, by which W's fit is measured (default: a tenth as many, as far as the files have them).",
            valueName: "n"))
    var heldOut: Int?

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
        if let heldOut, !(0...10_000_000).contains(heldOut) {
            throw ValidationError("--held-out \(heldOut): expected 0 to 10000000")
        }
        guard learningRate.isFinite, learningRate > 0 else {
            throw ValidationError("--learning-rate \(learningRate): expected a number above 0")
        }
    }

    func apply(to training: inout TrainingConfiguration) {
        training.rows = rows
        training.heldOut = heldOut
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

    @Option(
        help: ArgumentHelp(
            """
            Conditions that items are answered under, separated by commas: \
            \(ConditionTable.standard.definitions.map(\.name).joined(separator: ", ")) (default: all but \
            \(ConditionTable.standard.definitions.filter { !$0.isUsual }.map(\.name).joined(separator: ", "))).
            """, valueName: "list"))
    var conditions: String?

    @Option(help: ArgumentHelp("Strength of a message: it is multiplied by this, then combined.", valueName: "x"))
    var alpha = 1.0

    @Option(
        help: ArgumentHelp(
            "Other items, nearest in prompt length, whose messages take the place of an item's own.", valueName: "k"))
    var others = EvaluationConfiguration().others

    @Option(help: ArgumentHelp("Tokens of a written message at most.", valueName: "n"))
    var messageTokens = EvaluationConfiguration().messageTokens

    @Option(help: ArgumentHelp("Rounds of a debate: in the first both models answer alone.", valueName: "n"))
    var debateRounds = EvaluationConfiguration().debateRounds

    @Option(
        help: ArgumentHelp(
            """
            What is measured, separated by commas: answers (written or chosen, by the task's metrics), likelihood (of the \
            right answer, and how far the first token is from other conditions'; nothing is decoded).
            """, valueName: "list"))
    var endpoints = EvaluationEndpoint.allCases.map(\.rawValue).joined(separator: ",")

    @Option(help: "What B itself reads while it is told something.")
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
        guard alpha.isFinite, Float(alpha).isFinite else {
            throw ValidationError("--alpha \(alpha): expected a finite number")
        }
        for (flag, value, limit) in [
            ("others", others, PromptRole.mostOthers), ("message-tokens", messageTokens, 4096),
        ] where !(1...limit).contains(value) {
            throw ValidationError("--\(flag) \(value): expected 1 to \(limit)")
        }
        guard (2...8).contains(debateRounds) else {
            throw ValidationError("--debate-rounds \(debateRounds): expected 2 to 8")
        }
        _ = try chosenEndpoints()
    }

    /// Of `--endpoints`, in their own order.
    private func chosenEndpoints() throws -> [EvaluationEndpoint] {
        let names = endpoints.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let known = EvaluationEndpoint.allCases.map(\.rawValue)
        for name in names where !known.contains(name) {
            throw ValidationError("--endpoints: '\(name)' is none of \(known.joined(separator: ", "))")
        }
        guard !names.isEmpty else { throw ValidationError("--endpoints: expected at least one") }
        return EvaluationEndpoint.allCases.filter { names.contains($0.rawValue) }
    }

    func apply(to configuration: inout RunConfiguration) throws {
        configuration.evaluation.bPrompt = bPrompt
        configuration.evaluation.others = others
        configuration.evaluation.messageTokens = messageTokens
        configuration.evaluation.debateRounds = debateRounds
        configuration.evaluation.endpoints = try chosenEndpoints()
        configuration.evaluation.conditions = conditions.map { list in
            list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
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
