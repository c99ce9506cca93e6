import Evaluation
import Foundation
import Projection
import Reports
import Run
import Storage

/// A run that is done: its scores, and the files that show them.
package struct FinishedRun: Sendable {
    /// The final table, for the terminal.
    package let summary: String
    /// The run's files, by name, those written earlier (W, the journal) included.
    package let files: [String]

    /// Scores what the conductor holds and writes the files that follow from it.
    /// - Parameters:
    ///   - status: for `timing.json`, the one file that depends on the moment.
    ///   - software: the product's version.
    ///   - remarks: what a reader must know besides.
    init(_ conductor: RunConductor, status: RunStatus, software: String, remarks: [String]) throws {
        let report = try Self.report(of: conductor, software: software, remarks: remarks)
        let folder = conductor.folder.url
        let timing = TimingReport(status: status, finishedAt: ISO8601DateFormatter().string(from: Date()))
        let written = report.files + [timing.file]
        for file in written {
            try AtomicFile.write(file.bytes, to: folder.appendingPathComponent(file.name))
        }
        summary = report.summary
        files = ["run.json"] + (report.projection.map { [$0.file] } ?? []) + written.map(\.name)
    }

    private static func report(
        of conductor: RunConductor, software: String, remarks: [String]
    ) throws -> RunReport {
        let inputs = conductor.inputs
        let configuration = inputs.configuration
        let manifest = conductor.manifest
        return RunReport(
            run: manifest.run, configuration: configuration,
            versions: [NamedValue("activation-communication", software), NamedValue("protocol", "\(protocolVersion)")],
            fingerprints: [NamedValue("model_a", manifest.modelA), NamedValue("model_b", manifest.modelB)]
                + manifest.data.sorted { $0.key < $1.key }.map { NamedValue($0.key, $0.value) },
            deviceKinds: conductor.deviceKinds, remarks: inputs.remarks + remarks,
            projection: try projection(of: conductor),
            similarity: similarity(of: conductor),
            tasks: try EvaluationTask.allCases.compactMap { try scores(of: $0, in: conductor) })
    }

    private static func projection(of conductor: RunConductor) throws -> ProjectionSummary? {
        guard let training = conductor.training, let schedule = conductor.inputs.schedule,
            let activations = conductor.activations
        else { return nil }
        return ProjectionSummary(
            file: ProjectionFile.url(conductor.inputs, conductor.folder).lastPathComponent,
            dimensionA: conductor.inputs.dimensionA, dimensionB: conductor.inputs.dimensionB,
            rows: schedule.rowCount, stepsPerEpoch: schedule.stepsPerEpoch, losses: training.losses,
            activationSimilarity: try ActivationSimilarity.value(
                x: activations.a, y: activations.b, on: conductor.device))
    }

    private static func similarity(of conductor: RunConductor) -> SimilarityScores? {
        let inputs = conductor.inputs
        guard let stage = inputs.plan.stages.first(where: { $0.stage == .similarity }) else { return nil }
        let samples = (0..<stage.total).compactMap { index -> SimilaritySample? in
            guard case .similarity(let result) = conductor.results[UnitID(.similarity, index)] else { return nil }
            let (layer, prompt) = inputs.similarity(index)
            return SimilaritySample(layer: layer, prompt: prompt, result: result)
        }
        return SimilarityScores(samples, seed: inputs.configuration.seed)
    }

    private static func scores(of task: EvaluationTask, in conductor: RunConductor) throws -> TaskScores? {
        let inputs = conductor.inputs
        guard let taskInputs = inputs.tasks[task],
            let stage = inputs.plan.stages.first(where: { $0.stage == Stage(task) })
        else { return nil }
        let answers = (0..<stage.total).flatMap { index -> [ItemAnswers] in
            guard case .evaluate(let result) = conductor.results[UnitID(Stage(task), index)] else { return [] }
            return result.items
        }
        return try TaskScores(
            task, conditions: taskInputs.conditions, items: taskInputs.items, answers: answers,
            preset: inputs.configuration.evaluation.preset, seed: inputs.configuration.seed)
    }
}
