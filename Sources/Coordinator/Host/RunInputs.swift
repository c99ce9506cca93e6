package import CoordinatorControl
import Datasets
import Devices
package import Evaluation
import Foundation
import ModelFolders
import ModelReading
import Reports
package import Run
import Tasks

/// Everything a run reads, read and checked before any work: models' descriptions, texts, items; and the cut of
/// the work into units.
package struct RunInputs: Sendable {
    package let configuration: RunConfiguration
    package let manifest: RunManifest
    package let plan: RunPlan
    /// d_A and d_B.
    package let dimensionA: Int
    package let dimensionB: Int
    /// What the models compute; nil where none are there.
    let shape: PairShape?
    /// Bytes of both models' weight files: about what a worker holds in memory.
    package let modelBytes: UInt64
    /// What the reader of the data files wants to know: broken lines and the like.
    package let remarks: [String]
    /// By row number, cut as the configuration says: those that W learns from, then those that its fit is measured by.
    let texts: [String]
    /// How the texts are read where they are a task's prompts; nil for plain texts.
    let promptReading: RunManifest.PromptReading?
    /// In the run's order.
    let tasks: [TaskInputs]
    /// Of the similarity experiment, by channel: those that were asked for, or the channel's own.
    let similarityLayers: [[Int]]
    /// What the models are compared with, A's first; none where nobody asked for it.
    let references: [GivenReference]
    /// The W's that come from files, in the order of the channels' links; none where they are trained or there are none.
    let projections: [GivenProjection]
    /// The models as readers; nil where there are none.
    let readers: ModelReaders?
    /// What the models have read of the items, by channel and task, where a finished run has kept it.
    let keptReadings: [[[ItemReading]]]
    /// Bytes of text that a token stands for at most, in either model; nil where there are no models.
    let textBytesPerToken: Int?
    /// Activations that are there without having been read with models.
    let activations: ActivationStore?

    /// Texts of one extraction unit, items of one evaluation unit: small enough that a lost one costs little, large
    /// enough that batching pays.
    static let textsPerUnit = 32
    static let itemsPerUnit = 1

    /// Reads and checks what `given` names.
    /// - Parameters:
    ///   - tasks: that there are.
    ///   - conditions: that there are.
    ///   - report: told what is being done, for what takes long.
    package init(
        _ given: RunConfiguration, tasks known: [TaskDefinition] = TaskDefinition.all,
        conditions: ConditionTable = .standard, software: String, report: (String) -> Void = { _ in }
    ) throws {
        try self.init(
            RunSources(given, software: software), tasks: known, conditions: conditions, report: report)
    }

    /// Reads and checks what was found, while the digests of all of it are taken.
    package init(
        _ sources: RunSources, tasks known: [TaskDefinition] = TaskDefinition.all,
        conditions: ConditionTable = .standard, report: (String) -> Void = { _ in }
    ) throws {
        let configuration = sources.configuration
        let (folderA, folderB) = (sources.folderA, sources.folderB)
        let models = try sources.models()
        var remarks = try Self.check(models, configuration)
        references = try Self.references(configuration, models)
        let readers = ModelReaders(a: ModelReader(models[0]), b: ModelReader(models[1]))
        self.readers = readers
        keptReadings = []
        textBytesPerToken = models.map(\.tokenizer.textBytesPerToken).max()
        let blocksA = folderA.configuration.blockCount
        let blocksB = folderB.configuration.blockCount
        for channel in configuration.channels {
            for link in channel.links {
                try Self.check(link.k, flag: "--layer-k", channel, model: configuration.modelA, blocks: blocksA)
                try Self.check(link.j, flag: "--layer-j", channel, model: configuration.modelB, blocks: blocksB)
            }
        }
        try Self.checkSites(configuration.channels)
        let asked = configuration.similarity.layers
        similarityLayers = configuration.channels.map { channel in
            if channel.hasSeveralLinks { return [] }
            return asked.isEmpty ? Self.defaultLayers(of: channel, blocks: min(blocksA, blocksB)) : asked
        }
        remarks += try Self.remarks(onSimilarityOf: configuration)
        if configuration.experiments.contains(.similarity) {
            for layer in asked {
                try Self.check(layer, flag: "--similarity-layers", model: configuration.modelA, blocks: blocksA)
                try Self.check(layer, flag: "--similarity-layers", model: configuration.modelB, blocks: blocksB)
            }
        }
        shape = PairShape(
            a: ModelShape(folderA.configuration), b: ModelShape(folderB.configuration),
            isProjected: configuration.projection != .none)
        dimensionA = folderA.configuration.hiddenSize
        dimensionB = folderB.configuration.hiddenSize
        // A model that is both lies in a worker's memory once.
        let files = folderA.weightFiles + (folderA.url == folderB.url ? [] : folderB.weightFiles)
        modelBytes = files.reduce(0) { sum, file in
            sum + UInt64((try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
        }

        activations = nil
        try Self.checkPositions(configuration)
        if configuration.chat { remarks.append(Self.chatRemark(configuration)) }
        var unreadable = UnreadableTexts(limit: configuration.skipUnreadable ?? 0)
        let plain = try Self.texts(configuration, readers, &unreadable, &remarks)
        tasks = try Self.tasks(configuration, known, conditions, readers, &unreadable, &remarks)
        let prompts = try Self.trainPrompts(
            configuration, known, beside: tasks, readers, &unreadable, &remarks)
        (texts, promptReading) = (prompts?.texts ?? plain, prompts?.reading)
        try Self.checkSimilarity(configuration, readers)
        remarks += unreadable.remarks
        try Self.checkProjection(configuration, tasks: tasks)
        try Self.checkFits(configuration, dimensionA: dimensionA, dimensionB: dimensionB)
        try Self.checkLinks(configuration, dimensionA: dimensionA, dimensionB: dimensionB)
        projections = try Self.projections(configuration, dimensionA: dimensionA, dimensionB: dimensionB)
        self.configuration = configuration

        report("taking fingerprints of models and data")
        var manifest = try sources.manifest()
        manifest.reading = Self.reading(texts, promptReading, configuration)
        self.manifest = manifest
        remarks += try Self.remarks(
            on: configuration, fingerprintA: manifest.modelA, fingerprintB: manifest.modelB)
        self.remarks = remarks
        plan = Self.plan(of: manifest, references, texts: texts, tasks, similarityLayers, dimensionA, dimensionB)
    }

    /// A run without models, for benchmarks: W is trained on the given activations, or units of similarity are given
    /// out, as many as there are layers and prompts.
    /// - Parameters:
    ///   - activations: at the sites of all channels, of equally many texts.
    ///   - fingerprints: of the models that workers load all the same.
    package init(
        synthetic configuration: RunConfiguration, activations: ActivationStore?,
        fingerprints: (a: String, b: String) = ("", "")
    ) {
        self.configuration = configuration
        self.activations = activations
        (readers, keptReadings, references) = (nil, [], [])
        textBytesPerToken = nil
        let channel = configuration.channels[0]
        shape = nil
        dimensionA = activations?[.a(channel.k)]?.columns ?? 1
        dimensionB = activations?[.b(channel.j)]?.columns ?? 1
        modelBytes = 0
        remarks = []
        (texts, promptReading) = ([], nil)
        tasks = []
        similarityLayers = [configuration.similarity.layers]
        projections = []
        let run = "synthetic \(configuration.seed)"
        manifest = RunManifest(named: run, configuration: configuration)
        let similarity = configuration.similarity
        let stage =
            activations == nil
            ? StagePlan(.similarity, .independent(units: similarity.layers.count * similarity.prompts.count))
            : StagePlan(.train, .steps(Self.schedule(configuration)), channels: 1)
        plan = RunPlan(
            run: run, stages: [stage], channels: configuration.channels,
            reverseChannels: configuration.reverseChannels, fingerprintA: fingerprints.a,
            fingerprintB: fingerprints.b, dimensionA: dimensionA, dimensionB: dimensionB)
    }

    // MARK: Checks

    /// Checks the models' tensors and what the settings ask of them, and returns what a user should know.
    private static func check(_ models: [ReadableModel], _ configuration: RunConfiguration) throws -> [String] {
        var remarks: [String] = []
        for (name, model) in zip(["model A", "model B"], models) {
            let stored = try StoredModel(model.folder)
            for tensor in ModelLayout(stored.configuration).tensors {
                _ = try stored.weights.tensor(tensor.name, shape: tensor.shape)
            }
            remarks += [stored.remark, model.thinkingRemark(configuration.reading)].compactMap { remark in
                remark.map { "\(name): \($0)" }
            }
        }
        if let token = configuration.reading.thinkEnd, models.allSatisfy({ $0.thinkEnd == nil }) {
            throw HostError.unknownThinkEnd(token)
        }
        return remarks
    }

    /// What a reader of figures that were taken with chat templates must know.
    private static func chatRemark(_ configuration: RunConfiguration) -> String {
        let positions = configuration.positions ?? TokenPositions()
        let place =
            "prompts are written into each model's chat template, so activations are read and written "
            + (positions == TokenPositions() ? "at its last token" : "at position \(positions) of all of it")
        guard configuration.experiments.contains(.projection), configuration.training.fitOn == nil else { return place }
        return place + "; W learned from the last tokens of plain texts"
    }

    private static func check(
        _ layer: Int, flag: String, _ channel: Channel? = nil, model: String, blocks: Int
    ) throws {
        guard (0...blocks).contains(layer) else {
            throw HostError.layerOutOfRange(flag: flag, layer: layer, channel: channel, model: model, blocks: blocks)
        }
    }

    /// A message ends where its chat template says; all tokens of a prompt are added to (Ramesh & Li, section B.1): what they
    /// say in other ways than by the message would be lost.
    private static func checkPositions(_ configuration: RunConfiguration) throws {
        guard let positions = configuration.positions else { return }
        if positions.areAll, configuration.operation != .sum {
            throw HostError.allTokensWithoutSum(configuration.operation)
        }
        if !configuration.chat, [positions.a, positions.b].contains(.contentEnd) {
            throw HostError.contentWithoutChat(positions)
        }
    }

    /// The similarity experiment puts an activation in one layer's place after the other: messages at several blocks at
    /// once are no part of it.
    private static func remarks(onSimilarityOf configuration: RunConfiguration) throws(HostError) -> [String] {
        let left = configuration.channels.filter(\.hasSeveralLinks)
        guard configuration.experiments.contains(.similarity), !left.isEmpty else { return [] }
        guard left.count < configuration.channels.count else { throw .similarityAtSeveralBlocks(left) }
        return [
            "similarity is asked of one layer after the other, so not over \(left.map(\.description).joined(separator: ", "))"
        ]
    }

    /// Refuses W's of one channel's links that do not travel in one message.
    private static func checkLinks(
        _ configuration: RunConfiguration, dimensionA: Int, dimensionB: Int
    ) throws(HostError) {
        guard configuration.projection != .none else { return }
        let each = dimensionB * (dimensionA + 1) * MemoryLayout<Float>.size
        for channel in configuration.channels
        where channel.hasSeveralLinks && channel.links.count * each > MessageLimits.tensorBytes {
            throw .tooLargeLinks(channel, bytes: channel.links.count * each, limit: MessageLimits.tensorBytes)
        }
    }

    /// The embedding, the quarters of the shallower model, and the channel's own layers where both models have them.
    private static func defaultLayers(of channel: Channel, blocks: Int) -> [Int] {
        Set([0, blocks / 4, blocks / 2, blocks * 3 / 4, channel.k, channel.j].filter { $0 <= blocks }).sorted()
    }

    // MARK: Data

    private static func texts(
        _ configuration: RunConfiguration, _ readers: ModelReaders, _ unreadable: inout UnreadableTexts,
        _ remarks: inout [String]
    ) throws -> [String] {
        guard configuration.experiments.contains(.projection), configuration.training.fitOn == nil else { return [] }
        guard !configuration.training.files.isEmpty else {
            throw HostError.missingFile(flag: "--c4", experiment: .projection)
        }
        let texts = try TrainingTexts(
            configuration.training, seed: configuration.seed, skipping: unreadable.limit
        ) { readers.flaw(ofText: $0, maximumTokens: configuration.training.maximumTokens) }
        unreadable = texts.unreadable
        remarks += texts.broken.remarks
        if let remark = sinkRemark(texts.texts) { remarks.append(remark) }
        return texts.texts
    }

    /// Warns of texts that end where models park what says nothing of the text: full stops and newlines have activations
    /// of their own, a thousand times the others' in a few coordinates.
    private static func sinkRemark(_ texts: [String]) -> String? {
        let count = texts.count { $0.hasSuffix(".") || $0.hasSuffix("\n") }
        guard count * 4 > texts.count else { return nil }
        return
            "\(count) of \(texts.count) texts that W learned from end in a full stop or a newline, and teach it what "
            + "comes after one: --cut word ends them elsewhere"
    }

    private static func tasks(
        _ configuration: RunConfiguration, _ known: [TaskDefinition], _ table: ConditionTable,
        _ readers: ModelReaders, _ unreadable: inout UnreadableTexts, _ remarks: inout [String]
    ) throws -> [TaskInputs] {
        let conditions = try table.conditions(of: configuration.evaluation)
        for case .evaluate(let name) in configuration.experiments where !known.contains(where: { $0.name == name }) {
            throw HostError.unknownTask(name, known: known.map(\.name))
        }
        var tasks: [TaskInputs] = []
        for task in known where configuration.experiments.contains(.evaluate(task: task.name)) {
            guard let files = configuration.evaluation.files[task.name] else {
                throw HostError.missingFile(flag: "--\(task.name)", experiment: .evaluate(task: task.name))
            }
            let source = TaskSource(
                files: files, shots: configuration.evaluation.shots, seed: configuration.seed)
            let data = try task.read(source)
            remarks += data.remarks
            tasks.append(
                try inputs(
                    task, data.items, conditions, configuration, readers, &unreadable, &remarks, file: source.file))
        }
        return tasks
    }

    private static func inputs(
        _ task: TaskDefinition, _ all: [TaskItem], _ conditions: [ConditionDefinition],
        _ configuration: RunConfiguration, _ readers: ModelReaders, _ unreadable: inout UnreadableTexts,
        _ remarks: inout [String], file: String
    ) throws -> TaskInputs {
        let evaluation = configuration.evaluation
        let chosen = try ChosenItems.items(all, of: task.name, evaluation, seed: configuration.seed)
        let positions = configuration.positions ?? TokenPositions()
        let asked = conditions.map(\.condition)
        let gates = asked.contains(where: \.usesChannel) ? Gate.all.map(\.condition) : []
        var items: [TaskItem] = []
        for item in chosen {
            let prompts = task.prompts(item)
            if let flaw = readers.flaw(
                of: prompts, continuations: item.choices + Prompts.golds(of: item), asked)
                ?? readers.flaw(of: positions, in: prompts, asked + gates)
            {
                try unreadable.passOver("item \(item.id)", of: file, cause: flaw)
            } else {
                items.append(item)
            }
        }
        guard items.count >= 2 else { throw HostError.tooFewItems(task: task.name, file: file, found: items.count) }
        let inputs = try TaskInputs(task, items, of: all.count, conditions, evaluation)
        if let remark = inputs.othersRemark { remarks.append(remark) }
        if evaluation.endpoints.contains(.likelihood), let item = inputs.prompts.first(where: { $0.golds.isEmpty }) {
            throw HostError.noGolds(task: task.name, file: file, item: item.id)
        }
        return inputs
    }

    /// The similarity experiment's prompts are read by both models.
    private static func checkSimilarity(_ configuration: RunConfiguration, _ readers: ModelReaders) throws {
        guard configuration.experiments.contains(.similarity) else { return }
        for prompt in configuration.similarity.prompts {
            let positions = configuration.positions ?? TokenPositions()
            if let flaw = readers.flaw(ofPrompt: prompt, at: positions)
                ?? (positions.areAll ? readers.flaw(ofAlignment: prompt) : nil)
            {
                throw HostError.unreadablePrompt(prompt, cause: flaw)
            }
        }
    }

    // MARK: Units

    /// The channel's place, the layer and the prompt of a similarity unit: all of the first channel, then of the next;
    /// of a channel all prompts of the first layer, then of the next.
    /// - Precondition: the run has the unit.
    func similarity(_ index: Int) -> (channel: Int, layer: Int, prompt: String) {
        let prompts = configuration.similarity.prompts
        var (channel, place) = (0, index)
        while channel + 1 < similarityLayers.count, place >= similarityLayers[channel].count * prompts.count {
            place -= similarityLayers[channel].count * prompts.count
            channel += 1
        }
        return (channel, similarityLayers[channel][place / prompts.count], prompts[place % prompts.count])
    }

    /// The content of a unit of any stage but training; nil where the run has no such unit.
    package func unit(_ id: UnitID) -> WorkUnit? {
        guard plan.contains(id) || id.stage == .train else { return nil }
        switch id.stage {
        case .parity: return parityUnit(id.index).map { .parity($0) }
        case .extract: return .extract(extractUnit(id))
        case .train, .sums: return nil
        case .similarity:
            let (channel, layer, prompt) = similarity(id.index)
            return .similarity(
                SimilarityUnit(
                    prompt: prompt, layer: layer, newTokens: configuration.similarity.newTokens,
                    channel: configuration.channels[channel]))
        case .evaluate(let task): return tasks.first { $0.task.name == task }.map { .evaluate(evaluateUnit($0, id)) }
        }
    }

    /// The place of a unit's channel: all units of the first, then of the next.
    func channel(of id: UnitID) -> Int {
        plan.stages.first { $0.stage == id.stage }?.repetition(ofUnit: id.index) ?? 0
    }

    func evaluateUnit(_ inputs: TaskInputs, _ id: UnitID) -> EvaluateUnit {
        let channel = channel(of: id)
        let conditions = inputs.conditions(ofChannel: channel, isFirst: isFirst(id))
        let roles = conditions.reduce(into: Set()) { $0.formUnion($1.roles) }
        return EvaluateUnit(
            task: inputs.task.name, channel: configuration.channels[channel], conditions: conditions,
            items: inputs.prompts[range(of: id)].map { item in
                var item = item
                item.prompts = item.prompts.filter { roles.contains($0.key) }
                return item
            },
            form: inputs.form, endpoints: Set(configuration.evaluation.endpoints), sample: inputs.sample,
            references: inputs.references(in: conditions), sitesOfA: sharedSites(of: .a), sitesOfB: sharedSites(of: .b))
    }

    /// Where units of several channels read a model; none where all read it at one site.
    private func sharedSites(of model: ModelSide) -> [Int] {
        let sites = plan.sites.filter { $0.model == model }.map(\.blocks)
        return sites.count > 1 ? sites : []
    }

    /// Whether a unit covers the first of a task's items over its channel.
    func isFirst(_ id: UnitID) -> Bool { range(of: id).lowerBound == 0 }
}
