import ArgumentParser
import Console
import CoordinatorHost
import Evaluation
import Foundation
import Presets
import Run
import Tasks

extension InjectionOperation: ExpressibleByArgument {}
extension ComputeType: ExpressibleByArgument {}
extension TokenPositions: ExpressibleByArgument {}
extension BPrompt: ExpressibleByArgument {}
extension EvaluationProtocol: ExpressibleByArgument {}
extension TextCut: ExpressibleByArgument {}
extension EvaluationEndpoint: ExpressibleByArgument {}
extension ProjectionInitialization: ExpressibleByArgument {}
extension ProjectionFit: ExpressibleByArgument {}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Train W and run the experiments on models and data of your own.",
        usage: """
            coordinator run --model-a <dir> --model-b <dir> --layer-k <k>
                         --layer-j <j> --output <dir> [<options>]
            """,
        discussion: """
            The same command goes on where an interrupted run stopped. What a run's results depend on is in its \
            run.json; workers, threads and addresses change nothing. An option that takes several values takes them \
            with spaces or commas between them (files and texts with spaces). For example:

              coordinator run --model-a models/Llama-3.2-3B --model-b models/Llama-3.1-8B \\
                --layer-k 26 --layer-j 26 --output runs/3b-8b \\
                --c4 c4-train.00000-of-01024.json.gz --squad dev-v1.1.json --limit 100
            """)

    @OptionGroup(title: "Required") var pair: PairArguments
    @OptionGroup(title: "Data") var data: DataArguments

    @OptionGroup(title: "What to do") var work: WorkArguments
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
            template's last token, or where --position says. C4's texts stay plain.
            """)
    var chat = false

    @OptionGroup(title: "How the models are read") var reading: ReadingArguments

    @Option(help: ArgumentHelp("Seed of everything that is drawn.", valueName: "s"))
    var seed: UInt64 = 42

    @Option(
        help: ArgumentHelp("YAML file of settings named as the flags; flags win.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?

    @Option(
        help: ArgumentHelp(
            """
            Settings that come with the program: \(Presets.names.joined(separator: ", ")); flags and --config win. \
            'coordinator preset NAME' prints them.
            """, valueName: "name"), completion: .list(Presets.names))
    var preset: String?

    @Flag(help: "Say what the run would do, and how much memory and time it would take on this machine; then nothing.")
    var dryRun = false

    @Flag(help: "Write all settings as a file for --config, those given here filled in, and do nothing else.")
    var printConfig = false

    func run() async throws {
        let tasks = try UsageError.checking { TaskDefinition.all + (try evaluation.ownTasks()) }
        try await RunSession(
            configuration: try UsageError.checking { try runConfiguration(tasks) }, tasks: tasks, output: pair.output,
            server: server, activations: data.activations, isDry: dryRun
        ).run()
    }

    private func runConfiguration(_ tasks: [TaskDefinition]) throws -> RunConfiguration {
        let own = tasks.dropFirst(TaskDefinition.all.count)
        let learned = try training.files(data, tasks)
        let fits = !learned.files.isEmpty
        var configuration = RunConfiguration(
            modelA: pair.modelA, modelB: pair.modelB,
            channels: training.fitted(try pair.channels(), usual: pair.isSweep && fits ? .ridge : .adam),
            operation: evaluation.op,
            strength: evaluation.alpha, computeType: computeType, chat: chat, reading: try reading.settings(),
            experiments: try work.chosenExperiments(data, fits: fits, own: own.map(\.name)),
            projection: work.projectionSource,
            seed: seed)
        training.apply(to: &configuration.training)
        (configuration.training.fitOn, configuration.training.files) = learned
        for (name, path) in data.tasks.map({ ($0.task, $0.path) }) + zip(own.map(\.name), evaluation.task) {
            configuration.evaluation.files[name] = try tasks.first { $0.name == name }?.files(path, data.shots)
        }
        configuration.evaluation.limit = data.limit
        configuration.skipUnreadable = data.skipUnreadable
        configuration.matchesNorm = evaluation.matchNorm ? true : nil
        configuration.positions = evaluation.position == TokenPositions() ? nil : evaluation.position
        (configuration.verifyA, configuration.verifyB) = (data.verifyA, data.verifyB)
        configuration.evaluation.shots = data.shots
        if !data.groups.isEmpty { configuration.evaluation.groups = data.groups.elements() }
        evaluation.apply(to: &configuration)
        if pair.isSweep, evaluation.endpoints.isEmpty { configuration.evaluation.endpoints = [.likelihood] }
        return configuration
    }
}

struct DataArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("C4 files (JSON lines, plain or gzip) that W learns from.", valueName: "file"),
        completion: .file())
    var c4: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            The --output of an earlier run: what it has read of the same texts with the same models is taken over \
            instead of being read again.
            """, valueName: "dir"))
    var activations: String?

    @Option(
        help: ArgumentHelp(
            """
            JSON file of figures that another implementation computed for model A, as 'worker verify' takes it: A is \
            compared with all of them before any other work, and the run ends where one is off.
            """, valueName: "file"), completion: .file(extensions: ["json"]))
    var verifyA: String?

    @Option(help: ArgumentHelp("The same for model B.", valueName: "file"), completion: .file(extensions: ["json"]))
    var verifyB: String?

    @Option(name: TaskFile.names, help: TaskFile.help)
    var tasks: [TaskFile] = []

    @Option(
        help: ArgumentHelp(
            """
            Items of each task at most, or of each group where items have groups, chosen by the seed (default: all, or \
            20 with --protocol reference).
            """, valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Texts and items to pass over at most because a model cannot read them (default: none).", valueName: "n"))
    var skipUnreadable: Int?

    @Option(
        help: ArgumentHelp(
            """
            Worked examples before each question, where a task has them, from the file beside the items': MMLU's first of \
            SUBJECT_dev.csv; of GSM8K's train.jsonl those that lm-evaluation-harness draws (its default is 5).
            """, valueName: "n"))
    var shots = 0

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Groups whose items are asked, such as MMLU's subjects (default: all).", valueName: "name"))
    var groups: [ValueList<String>] = []

    func validate() throws {
        if let skipUnreadable, skipUnreadable < 0 {
            throw ValidationError("--skip-unreadable \(skipUnreadable): expected 0 or more")
        }
        if let limit, limit < 2 { throw ValidationError("--limit \(limit): expected at least 2") }
        guard (0...100).contains(shots) else { throw ValidationError("--shots \(shots): expected 0 to 100") }
        if let twice = tasks.first(where: { file in tasks.count { $0.task == file.task } > 1 }) {
            throw ValidationError("--\(twice.task): given twice")
        }
    }
}

struct TrainingArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            What W learns from: c4, or a task's train split, such as gsm8k-train of --gsm8k-train FILE: its items' \
            prompts, as the models read them, in an order drawn by the seed. An item that is evaluated as well is refused.
            """, valueName: "name"))
    var fitOn = TrainingArguments.plainTexts

    private static let plainTexts = "c4"

    @Option(help: ArgumentHelp("Texts that W learns from.", valueName: "n"))
    var rows = TrainingConfiguration().rows

    @Option(
        help: ArgumentHelp(
            "Texts after those, by which W's fit is measured (default: a tenth as many, as far as the files have them).",
            valueName: "n"))
    var heldOut: Int?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            How W is fitted: \(ProjectionFit.allCases.map(\.rawValue).joined(separator: ", ")) (default: adam, the \
            paper's; the others are closed forms with a bias). Several are compared: each has its own W, scores and \
            files.
            """, valueName: "name"))
    var fit: [ValueList<ProjectionFit>] = []

    @Flag(
        help: """
            Make W's that map B's activations to A's as well, from the same texts: their files serve a run with A and B \
            exchanged.
            """)
    var reverse = false

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

    /// The train split that W learns from, nil for C4; and its files.
    func files(_ data: DataArguments, _ tasks: [TaskDefinition]) throws -> (split: String?, files: [String]) {
        guard fitOn != Self.plainTexts else { return (nil, data.c4) }
        guard let task = tasks.first(where: { $0.train != nil && $0.trainName == fitOn }), let split = task.train else {
            throw HostError.unknownTrainSplit(fitOn, known: tasks.filter { $0.train != nil }.map(\.trainName))
        }
        // The file that describes a task of the user's own names its items.
        let path = task.source == nil ? data.tasks.first { $0.task == fitOn }?.path : ""
        guard let path else { throw HostError.missingFile(flag: "--\(fitOn)", experiment: .projection) }
        return (fitOn, try split.files(path))
    }

    /// The lines with W's of all fits that are asked for.
    /// - Parameter usual: where none is.
    func fitted(_ lines: [Channel], usual: ProjectionFit) -> [Channel] {
        let asked = fit.elements()
        let fits = ProjectionFit.allCases.filter { asked.isEmpty ? $0 == usual : asked.contains($0) }
        return lines.flatMap { line in
            fits.map { fit in
                var channel = line
                channel.fit = fit
                return channel
            }
        }
    }

    func apply(to training: inout TrainingConfiguration) {
        training.rows = rows
        training.heldOut = heldOut
        training.reverse = reverse ? true : nil
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
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Conditions that items are answered under: \
            \(ConditionTable.standard.definitions.map(\.name).joined(separator: ", ")) (default: all but \
            \(ConditionTable.standard.definitions.filter { !$0.isUsual }.map(\.name).joined(separator: ", "))).
            """, valueName: "name"))
    var conditions: [ValueList<String>] = []

    @Option(help: ArgumentHelp("Strength of a message: it is multiplied by this, then combined.", valueName: "x"))
    var alpha = 1.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            The token of A's prompt at which its activation is read, and of B's at which it is written: -1 is the last, \
            -2 the one before; content is the message's last token under --chat, before what closes it. Two with a \
            colon between them are A's and B's, such as content:-1. all reads and writes every token that both prompts \
            have, counted from the end, under --op sum.
            """, valueName: "p[:p]"))
    var position = TokenPositions()

    @Flag(
        help: """
            Scale each message to the median norm of the receiver's own stream where it is written, over the tokens \
            of the prompt that it reads; --alpha multiplies it then.
            """)
    var matchNorm = false

    @Option(
        help: ArgumentHelp(
            "Other items, nearest in prompt length, whose messages take the place of an item's own. Left out: \(EvaluationConfiguration.usualOthers), or as many as there are.",
            valueName: "k"))
    var others: Int?

    @Option(help: ArgumentHelp("Tokens of a written message at most.", valueName: "n"))
    var messageTokens = EvaluationConfiguration().messageTokens

    @Option(help: ArgumentHelp("Rounds of a debate: in the first both models answer alone.", valueName: "n"))
    var debateRounds = EvaluationConfiguration().debateRounds

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            What is measured: answers (written or chosen, by the task's metrics), likelihood (of the right answer, and \
            how far the first token is from other conditions'; nothing is decoded) (default: both).
            """, valueName: "name"))
    var endpoints: [ValueList<EvaluationEndpoint>] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Tasks of your own: a YAML file that describes each (docs/EXPERIMENTS.md).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var task: [String] = []

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
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Block counts of the similarity experiment (default: quarters of the depth).", valueName: "n"))
    var similarityLayers: [ValueList<Int>] = []

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
            ("others", others ?? 1, PromptRole.mostOthers), ("message-tokens", messageTokens, 4096),
        ] where !(1...limit).contains(value) {
            throw ValidationError("--\(flag) \(value): expected 1 to \(limit)")
        }
        guard (2...8).contains(debateRounds) else {
            throw ValidationError("--debate-rounds \(debateRounds): expected 2 to 8")
        }
        if let layer = similarityLayers.elements().first(where: { $0 < 0 }) {
            throw ValidationError("--similarity-layers \(layer): expected 0 or more")
        }
    }

    /// The tasks of the user's own.
    func ownTasks() throws -> [TaskDefinition] {
        let own = try task.map { try TaskDefinition(ownFile: $0) }
        if let twice = own.first(where: { wanted in own.count { $0.name == wanted.name } > 1 }) {
            throw UsageError("--task: '\(twice.name)' names two tasks")
        }
        return own
    }

    func apply(to configuration: inout RunConfiguration) {
        configuration.evaluation.bPrompt = bPrompt
        configuration.evaluation.others = others
        configuration.evaluation.messageTokens = messageTokens
        configuration.evaluation.debateRounds = debateRounds
        let asked = endpoints.elements()
        if !asked.isEmpty { configuration.evaluation.endpoints = EvaluationEndpoint.allCases.filter(asked.contains) }
        if !conditions.isEmpty { configuration.evaluation.conditions = conditions.elements() }
        configuration.evaluation.preset = preset
        configuration.similarity.newTokens = similarityTokens
        if !similarityPrompts.isEmpty { configuration.similarity.prompts = similarityPrompts }
        configuration.similarity.layers = similarityLayers.elements()
    }
}
