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

    /// Scores what the run holds and writes the files that follow from it.
    /// - Parameters:
    ///   - status: for `timing.json`, the one file that depends on the moment.
    ///   - software: the product's version.
    ///   - remarks: what a reader must know besides.
    init(_ run: LiveRun, status: RunStatus, software: String, remarks: [String]) throws {
        let report = try Self.report(of: run, software: software, remarks: remarks)
        let timing = TimingReport(status: status, finishedAt: ISO8601DateFormatter().string(from: Date()))
        let written = report.files + [timing.file]
        for file in written {
            try run.storage.write(file.bytes, to: file.name)
        }
        summary = report.summary
        files = ["run.json"] + (report.projection.map { [$0.file] } ?? []) + written.map(\.name)
    }

    private static func report(
        of run: LiveRun, software: String, remarks: [String]
    ) throws -> RunReport {
        let inputs = run.inputs
        let configuration = inputs.configuration
        let manifest = run.manifest
        return RunReport(
            run: manifest.run, configuration: configuration,
            versions: [NamedValue("activation-communication", software), NamedValue("protocol", "\(protocolVersion)")],
            fingerprints: [NamedValue("model_a", manifest.modelA), NamedValue("model_b", manifest.modelB)]
                + manifest.data.sorted { $0.key < $1.key }.map { NamedValue($0.key, $0.value) },
            deviceKinds: run.deviceKinds, remarks: inputs.remarks + remarks,
            projection: try projection(of: run),
            similarity: similarity(of: run),
            tasks: try EvaluationTask.allCases.compactMap { try scores(of: $0, in: run) })
    }

    private static func projection(of run: LiveRun) throws -> ProjectionSummary? {
        guard let training = run.projections.first, let schedule = run.inputs.schedule,
            let x = run.activations?[.a(training.channel.k)], let y = run.activations?[.b(training.channel.j)]
        else { return nil }
        return ProjectionSummary(
            file: ProjectionFile.name(run.inputs, training.channel),
            dimensionA: run.inputs.dimensionA, dimensionB: run.inputs.dimensionB,
            rows: schedule.textCount, stepsPerEpoch: schedule.stepsPerEpoch, losses: training.losses,
            activationSimilarity: try ActivationSimilarity.value(x: x, y: y))
    }

    private static func similarity(of run: LiveRun) -> SimilarityScores? {
        let inputs = run.inputs
        guard let stage = inputs.plan.stages.first(where: { $0.stage == .similarity }) else { return nil }
        let samples = (0..<stage.total).compactMap { index -> SimilaritySample? in
            guard case .similarity(let result) = run.results[UnitID(.similarity, index)] else { return nil }
            let (layer, prompt) = inputs.similarity(index)
            return SimilaritySample(layer: layer, prompt: prompt, result: result)
        }
        return SimilarityScores(samples, seed: inputs.configuration.seed)
    }

    private static func scores(of task: EvaluationTask, in run: LiveRun) throws -> TaskScores? {
        let inputs = run.inputs
        guard let taskInputs = inputs.tasks[task],
            let stage = inputs.plan.stages.first(where: { $0.stage == Stage(task) })
        else { return nil }
        let answers = (0..<stage.total).flatMap { index -> [ItemAnswers] in
            guard case .evaluate(let result) = run.results[UnitID(Stage(task), index)] else { return [] }
            return result.items
        }
        return try TaskScores(
            task, conditions: taskInputs.conditions, items: taskInputs.items, answers: answers,
            preset: inputs.configuration.evaluation.preset, seed: inputs.configuration.seed)
    }
}
