import ChatTemplates
package import CoordinatorControl
import Datasets
import Evaluation
import Foundation
import ModelFolders
package import Run
import Storage
import Tokenization
import Weights

/// Everything a run reads, read and checked before any work: models' descriptions, texts, items; and the cut of
/// the work into units.
package struct RunInputs: Sendable {
    package let configuration: RunConfiguration
    package let manifest: RunManifest
    package let plan: RunPlan
    /// d_A and d_B.
    package let dimensionA: Int
    package let dimensionB: Int
    /// Bytes of both models' weight files: about what a worker holds in memory.
    package let modelBytes: UInt64
    /// What the reader of the data files wants to know: broken lines and the like.
    package let remarks: [String]
    /// By row number, cut as the configuration says.
    let texts: [String]
    let tasks: [EvaluationTask: TaskInputs]
    /// Activations that are there without having been read with models.
    let activations: ActivationStore?

    /// Texts of one extraction unit, items of one evaluation unit: small enough that a lost one costs little, large
    /// enough that batching pays.
    static let textsPerUnit = 32
    static let itemsPerUnit = 8

    /// One task's items, in the order of evaluation.
    struct TaskInputs: Sendable {
        var items: [TaskItem]
        /// The same items as workers get them.
        var prompts: [EvaluationItem]
        var conditions: [Condition]
        var limits: GenerationLimits
    }

    /// Reads and checks what `given` names.
    /// - Parameter report: told what is being done, for what takes long.
    package init(_ given: RunConfiguration, software: String, report: (String) -> Void = { _ in }) throws {
        var configuration = given
        let folderA = try ModelFolder(path: configuration.modelA)
        let folderB = try ModelFolder(path: configuration.modelB)
        for folder in [folderA, folderB] { try Self.check(folder) }
        // Before the data is read: a model without a template is the commonest mistake here.
        let templates = try configuration.chat ? [folderA, folderB].map { try ChatTemplate(checking: $0.url) } : []
        let blocksA = folderA.configuration.blockCount
        let blocksB = folderB.configuration.blockCount
        for channel in configuration.channels {
            try Self.check(channel.k, flag: "--layer-k", model: configuration.modelA, blocks: blocksA)
            try Self.check(channel.j, flag: "--layer-j", model: configuration.modelB, blocks: blocksB)
        }
        try Self.checkSites(configuration.channels)
        if configuration.similarity.layers.isEmpty {
            configuration.similarity.layers = Self.defaultLayers(
                k: configuration.channels[0].k, j: configuration.channels[0].j, blocks: min(blocksA, blocksB))
        }
        if configuration.experiments.contains(.similarity) {
            for layer in configuration.similarity.layers {
                try Self.check(layer, flag: "--similarity-layers", model: configuration.modelA, blocks: blocksA)
                try Self.check(layer, flag: "--similarity-layers", model: configuration.modelB, blocks: blocksB)
            }
        }
        dimensionA = folderA.configuration.hiddenSize
        dimensionB = folderB.configuration.hiddenSize
        modelBytes = (folderA.weightFiles + folderB.weightFiles).reduce(0) { sum, file in
            sum + UInt64((try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
        }

        activations = nil
        var remarks = configuration.chat ? [Self.chatRemark(configuration)] : []
        var files: [String] = []
        texts = try Self.texts(configuration, &files, &remarks)
        tasks = try Self.tasks(configuration, &files, &remarks)
        self.remarks = remarks
        self.configuration = configuration

        report("taking fingerprints of models and data")
        let fingerprintA = try folderA.fingerprint(with: templates.first?.content).hex
        let fingerprintB = try folderB.fingerprint(with: templates.last?.content).hex
        let data = try files.map { path in
            (path: path, digest: try ContentHasher.digest(ofFileAt: URL(fileURLWithPath: path)).hex)
        }
        let run = try RunManifest.digest(of: configuration, modelA: fingerprintA, modelB: fingerprintB, data: data)
        manifest = RunManifest(
            software: software, run: run, configuration: configuration, modelA: fingerprintA, modelB: fingerprintB,
            data: Dictionary(data.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first }),
            deviceKind: nil)
        plan = RunPlan(
            run: run, stages: Self.stages(configuration, tasks: Self.taskStages(tasks)),
            channels: configuration.channels, fingerprintA: fingerprintA, fingerprintB: fingerprintB,
            dimensionA: dimensionA, dimensionB: dimensionB)
    }

    /// A run without models, for benchmarks: W is trained on the given activations, or units of similarity are given
    /// out, as many as there are layers and prompts.
    /// - Parameter activations: at the sites of all channels, of equally many texts.
    package init(synthetic configuration: RunConfiguration, activations: ActivationStore?, software: String) {
        self.configuration = configuration
        self.activations = activations
        let channel = configuration.channels[0]
        dimensionA = activations?[.a(channel.k)]?.columns ?? 1
        dimensionB = activations?[.b(channel.j)]?.columns ?? 1
        modelBytes = 0
        remarks = []
        texts = []
        tasks = [:]
        let run = "synthetic \(configuration.seed)"
        manifest = RunManifest(
            software: software, run: run, configuration: configuration, modelA: "", modelB: "", data: [:],
            deviceKind: nil)
        let similarity = configuration.similarity
        let stage =
            activations == nil
            ? StagePlan(.similarity, .independent(units: similarity.layers.count * similarity.prompts.count))
            : StagePlan(.train, .steps(Self.schedule(configuration)), channels: 1)
        plan = RunPlan(
            run: run, stages: [stage], channels: configuration.channels, fingerprintA: "", fingerprintB: "",
            dimensionA: dimensionA, dimensionB: dimensionB)
    }

    // MARK: Checks

    /// Reads what can be read of a model without its weights, so that a broken file is known before any work.
    private static func check(_ folder: ModelFolder) throws {
        let weights = try WeightFiles(folder.weightFiles)
        for tensor in ModelLayout(folder.configuration).tensors {
            _ = try weights.tensor(tensor.name, shape: tensor.shape)
        }
        _ = try Tokenizer(folder: folder.url)
    }

    /// What a reader of figures that were taken with chat templates must know.
    private static func chatRemark(_ configuration: RunConfiguration) -> String {
        let place =
            "prompts are written into each model's chat template, so activations are read and written at its last token"
        guard configuration.experiments.contains(.projection) else { return place }
        return place + "; W learned from the last tokens of plain texts"
    }

    private static func check(_ layer: Int, flag: String, model: String, blocks: Int) throws {
        guard (0...blocks).contains(layer) else {
            throw HostError.layerOutOfRange(flag: flag, layer: layer, model: model, blocks: blocks)
        }
    }

    /// The embedding, the quarters of the shallower model, and the pair's own layers where both models have them.
    private static func defaultLayers(k: Int, j: Int, blocks: Int) -> [Int] {
        Set([0, blocks / 4, blocks / 2, blocks * 3 / 4, k, j].filter { $0 <= blocks }).sorted()
    }

    // MARK: Data

    private static func texts(
        _ configuration: RunConfiguration, _ files: inout [String], _ remarks: inout [String]
    ) throws -> [String] {
        guard configuration.experiments.contains(.projection) else { return [] }
        guard !configuration.training.files.isEmpty else {
            throw HostError.missingFile(flag: "--c4", experiment: .projection)
        }
        let texts = try TrainingTexts(configuration.training, seed: configuration.seed)
        if texts.broken.count > 0, let first = texts.broken.first.first {
            remarks.append("passed over \(texts.broken.count) broken lines; the first: \(first)")
        }
        files += configuration.training.files
        return texts.texts
    }

    private static func tasks(
        _ configuration: RunConfiguration, _ files: inout [String], _ remarks: inout [String]
    ) throws -> [EvaluationTask: TaskInputs] {
        var tasks: [EvaluationTask: TaskInputs] = [:]
        if configuration.experiments.contains(.squad) {
            guard let file = configuration.evaluation.squad else {
                throw HostError.missingFile(flag: "--squad", experiment: .squad)
            }
            let items = try SQuADDataset(file: file).items.map {
                TaskItem(id: $0.id, context: $0.context, question: $0.question, golds: $0.golds)
            }
            tasks[.squad] = try inputs(.squad, items, configuration, file: file)
            files.append(file)
        }
        if configuration.experiments.contains(.gsm8k) {
            guard let file = configuration.evaluation.gsm8k else {
                throw HostError.missingFile(flag: "--gsm8k", experiment: .gsm8k)
            }
            let dataset = try GSM8KDataset(file: file)
            if dataset.broken.count > 0, let first = dataset.broken.first.first {
                remarks.append("passed over \(dataset.broken.count) broken lines; the first: \(first)")
            }
            let items = dataset.items.map {
                TaskItem(id: $0.id, context: nil, question: $0.question, golds: [$0.gold])
            }
            tasks[.gsm8k] = try inputs(.gsm8k, items, configuration, file: file)
            files.append(file)
        }
        return tasks
    }

    private static func inputs(
        _ task: EvaluationTask, _ all: [TaskItem], _ configuration: RunConfiguration, file: String
    ) throws -> TaskInputs {
        let evaluation = configuration.evaluation
        let chosen = ItemChoice.indices(
            count: all.count, limit: evaluation.limit, preset: evaluation.preset, task: task,
            seed: configuration.seed)
        guard chosen.count >= 2 else {
            throw HostError.tooFewItems(task: task, file: file, found: chosen.count)
        }
        let items = chosen.map { all[$0] }
        return TaskInputs(
            items: items,
            prompts: try Prompts.evaluationItems(
                items, of: task, bPrompt: evaluation.bPrompt, seed: configuration.seed),
            conditions: ConditionPlan.conditions(for: task, bPrompt: evaluation.bPrompt),
            limits: evaluation.preset.limits(for: task))
    }

    // MARK: Stages and units

    private static func taskStages(_ tasks: [EvaluationTask: TaskInputs]) -> [(stage: Stage, items: Int)] {
        EvaluationTask.allCases.compactMap { task in tasks[task].map { (Stage(task), $0.items.count) } }
    }

    /// The layer and the prompt of a similarity unit: all prompts of the first layer, then of the next.
    func similarity(_ index: Int) -> (layer: Int, prompt: String) {
        let similarity = configuration.similarity
        let index = index % (similarity.layers.count * similarity.prompts.count)
        return (
            similarity.layers[index / similarity.prompts.count], similarity.prompts[index % similarity.prompts.count]
        )
    }

    /// The content of a unit of any stage but training.
    package func unit(_ id: UnitID) -> WorkUnit? {
        switch id.stage {
        case .extract: return .extract(extractUnit(id))
        case .train: return nil
        case .similarity:
            let (layer, prompt) = similarity(id.index)
            return .similarity(
                SimilarityUnit(prompt: prompt, layer: layer, newTokens: configuration.similarity.newTokens))
        case .evaluate(let task): return EvaluationTask(rawValue: task).flatMap { evaluateUnit($0, id) }
        }
    }

    private func evaluateUnit(_ task: EvaluationTask, _ id: UnitID) -> WorkUnit? {
        tasks[task].map { inputs in
            .evaluate(
                EvaluateUnit(
                    task: task, conditions: inputs.conditions, items: Array(inputs.prompts[range(of: id)]),
                    limits: inputs.limits))
        }
    }
}
