import Evaluation
import Foundation
import Reports
import Run
import Storage
import Tasks

/// `inputs.json`: what a finished run has read of models' descriptions and data, so that its reports can be made again
/// from its folder alone, wherever models and data have gone.
///
/// It holds no paths, and depends on the inputs alone, as `run.json` does, which has its digest.
struct StoredInputs: Codable {
    /// What a reader of the figures must know, what came up during the run included.
    var remarks: [String]
    /// What the models were compared with; nil where they were not.
    var references: [StoredReference]?
    /// As they were cut.
    var texts: [String]
    var tasks: [StoredTask]
    /// By channel.
    var similarityLayers: [[Int]]
    var dimensionA: Int
    var dimensionB: Int
    var shape: PairShape?
    var modelBytes: UInt64
    var textBytesPerToken: Int?
    /// By channel, by task; none where no models were there.
    var readings: [[[ItemReading]]]

    struct StoredReference: Codable {
        var model: ModelSide
        var parts: Int
        var making: String?
    }

    struct StoredTask: Codable {
        var name: String
        var version: Int
        /// Of a task of the user's own, its file's text.
        var source: String?
        /// In the order of evaluation.
        var items: [TaskItem]
        var originalCount: Int
    }

    /// - Parameter readings: what the models read of the items, by channel and task.
    init(_ inputs: RunInputs, remarks: [String], readings: [[[ItemReading]]]) {
        self.readings = readings
        self.remarks = remarks
        if !inputs.references.isEmpty {
            references = inputs.references.map {
                StoredReference(model: $0.model, parts: $0.parts, making: $0.making)
            }
        }
        texts = inputs.texts
        tasks = inputs.tasks.map { inputs in
            StoredTask(
                name: inputs.task.name, version: inputs.task.version, source: inputs.task.source, items: inputs.items,
                originalCount: inputs.originalCount)
        }
        similarityLayers = inputs.similarityLayers
        (dimensionA, dimensionB, shape) = (inputs.dimensionA, inputs.dimensionB, inputs.shape)
        (modelBytes, textBytesPerToken) = (inputs.modelBytes, inputs.textBytesPerToken)
    }

    /// More than any run reads of its data.
    private static let byteLimit = 4 << 30

    /// What the finished run of `manifest` has read, and was found as the run wrote it.
    /// - Throws: ``HostError/unfinished(folder:)``, or ``HostError/changedFile(path:)``.
    init(of manifest: RunManifest, in folder: RunFolder) throws {
        guard let written = manifest.files.first(where: { $0.name == RunFiles.inputs }),
            let data = try folder.read(RunFiles.inputs, limit: Self.byteLimit)
        else { throw HostError.unfinished(folder: folder.path) }
        guard ContentHasher.digest(of: data).hex == written.sha256 else {
            throw HostError.changedFile(path: folder.path(of: RunFiles.inputs))
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw HostError.otherVersion(path: folder.path(of: RunFiles.inputs), cause: "\(error)")
        }
    }

    var bytes: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self)
        }
    }
}

extension RunInputs {
    /// Those of the finished run in `folder`, as far as its reports are made from them: the W's of files are not read
    /// again.
    /// - Parameters:
    ///   - known: the tasks that there are, the user's own apart.
    ///   - table: the conditions that there are.
    init(
        finishedIn folder: RunFolder, tasks known: [TaskDefinition] = TaskDefinition.all,
        conditions table: ConditionTable = .standard
    ) throws {
        guard let manifest = try RunManifest.read(from: folder) else { throw HostError.noRun(path: folder.path) }
        let stored = try StoredInputs(of: manifest, in: folder)
        let configuration = manifest.configuration
        let conditions = try table.conditions(of: configuration.evaluation)
        tasks = try stored.tasks.map { stored in
            let task =
                try stored.source.map {
                    try TaskDefinition(ownSource: $0, file: "\(stored.name) in \(folder.path(of: RunFiles.inputs))")
                } ?? known.first { $0.name == stored.name }
            guard let task, task.version == stored.version else {
                throw HostError.otherVersion(
                    path: folder.path(of: RunFiles.inputs), cause: "task \(stored.name), version \(stored.version)")
            }
            return try TaskInputs(
                task, stored.items, of: stored.originalCount, conditions, configuration.evaluation)
        }
        self.configuration = configuration
        self.manifest = manifest
        promptReading = manifest.reading?.prompts
        (remarks, texts, similarityLayers) = (stored.remarks, stored.texts, stored.similarityLayers)
        (dimensionA, dimensionB, shape) = (stored.dimensionA, stored.dimensionB, stored.shape)
        (modelBytes, textBytesPerToken) = (stored.modelBytes, stored.textBytesPerToken)
        (readers, keptReadings) = (nil, stored.readings)
        references = (stored.references ?? []).map {
            GivenReference(model: $0.model, reference: nil, parts: $0.parts, making: $0.making)
        }
        (projections, activations) = ([], nil)
        plan = Self.plan(of: manifest, references, texts: texts, tasks, similarityLayers, dimensionA, dimensionB)
    }
}
