import Evaluation
import Foundation
import Projection
import Reports
import Run

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
        files = ["run.json"] + run.trainedFiles + written.map(\.name)
    }

    private static func report(
        of run: LiveRun, software: String, remarks: [String]
    ) throws -> RunReport {
        let inputs = run.inputs
        let configuration = inputs.configuration
        let manifest = run.manifest
        return RunReport(
            run: manifest.run, configuration: manifest.configuration,
            versions: [NamedValue("activation-communication", software), NamedValue("protocol", "\(protocolVersion)")],
            fingerprints: [NamedValue("model_a", manifest.modelA), NamedValue("model_b", manifest.modelB)]
                + manifest.data.map { NamedValue("\($0.flag) \($0.name)", $0.sha256) },
            deviceKinds: manifest.deviceKinds, remarks: inputs.remarks + remarks,
            channels: try configuration.channels.indices.map { channel in
                ChannelReport(
                    configuration.channels[channel], projection: try projection(of: run, channel),
                    similarity: similarity(of: run, channel),
                    tasks: try inputs.tasks.map { try scores(of: $0, in: run, channel) },
                    gates: inputs.tasks.filter { !$0.gates.gates.isEmpty }.map { task in
                        PassedGates(
                            task: task.task.title, gates: task.gates.gates,
                            items: min(task.items.count, RunInputs.itemsPerUnit))
                    })
            }, shape: inputs.shape)
    }

    /// What maps A's activations over a channel; nil where nothing asks for any.
    private static func projection(of run: LiveRun, _ channel: Int) throws -> ProjectionReport? {
        let inputs = run.inputs
        switch inputs.manifest.configuration.projection {
        case .trained: return try training(of: run, channel).map { .trained($0) }
        case .files(let files):
            let file = inputs.manifest.data.filter { $0.flag == "projection" }[channel]
            return .given(
                file: files[channel], sha256: file.sha256, dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
        case .none: return .none(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
        }
    }

    private static func training(of run: LiveRun, _ channel: Int) throws -> ProjectionSummary? {
        guard run.projections.indices.contains(channel), let schedule = run.inputs.schedule else { return nil }
        let trained = run.projections[channel]
        guard let x = run.activations?[.a(trained.channel.k)], let y = run.activations?[.b(trained.channel.j)] else {
            return nil
        }
        let diagnostics = try ActivationDiagnostics(x: x, y: y, w: trained.trainer.projection, on: run.device)
        return ProjectionSummary(
            file: trained.file(run.inputs),
            dimensionA: run.inputs.dimensionA, dimensionB: run.inputs.dimensionB,
            rows: schedule.textCount, stepsPerEpoch: schedule.stepsPerEpoch, losses: trained.losses,
            activationSimilarity: diagnostics.similarity, diagnostics: diagnostics.figures)
    }

    private static func similarity(of run: LiveRun, _ channel: Int) -> SimilarityScores? {
        let inputs = run.inputs
        guard let stage = inputs.plan.stages.first(where: { $0.stage == .similarity }) else { return nil }
        let samples = (0..<stage.total).compactMap { index -> SimilaritySample? in
            let unit = inputs.similarity(index)
            guard unit.channel == channel,
                case .similarity(let result) = run.results[UnitID(.similarity, index)]
            else { return nil }
            return SimilaritySample(layer: unit.layer, prompt: unit.prompt, result: result)
        }
        return SimilarityScores(samples, seed: inputs.configuration.seed)
    }

    private static func scores(
        of task: RunInputs.TaskInputs, in run: LiveRun, _ channel: Int
    ) throws -> TaskScores {
        let inputs = run.inputs
        let stage = Stage.evaluate(task: task.task.name)
        let units = inputs.plan.stages.first { $0.stage == stage }?.total ?? 0
        /// The answers of a channel's own units, in the order of the items.
        func answers(_ channel: Int) -> [ItemAnswers] {
            (0..<units).filter { inputs.channel(of: UnitID(stage, $0)) == channel }.flatMap { index -> [ItemAnswers] in
                guard case .evaluate(let result) = run.results[UnitID(stage, index)] else { return [] }
                return result.items
            }
        }
        let evaluation = inputs.configuration.evaluation
        return try TaskScores(
            task.task, conditions: task.conditions, items: task.items,
            answers: zip(answers(0), answers(channel)).map {
                task.asked.grouped(task.merged(first: $0, own: $1, channel: channel))
            },
            preset: evaluation.preset, endpoints: evaluation.endpoints, seed: inputs.configuration.seed)
    }
}

extension ActivationDiagnostics {
    /// As the reports show them.
    fileprivate var figures: [DiagnosticFigure] {
        func shares(_ shares: [Share], _ name: String, _ title: String) -> [DiagnosticFigure] {
            shares.map { share in
                let coordinates = share.coordinates == 1 ? "1 coordinate" : "\(share.coordinates) coordinates"
                return DiagnosticFigure(
                    "\(name)_top\(share.coordinates)", "share of \(title) in the largest \(coordinates)", share.share)
            }
        }
        return [
            DiagnosticFigure("mapped_norm", "median norm of W a", mappedNorm),
            DiagnosticFigure("target_norm", "median norm of b", targetNorm),
            DiagnosticFigure("norm_ratio", "ratio of the two", targetNorm > 0 ? mappedNorm / targetNorm : 0),
            DiagnosticFigure("loss", "squared error an element, all texts", loss),
            DiagnosticFigure("mean_loss", "the same of predicting the mean", meanLoss),
            DiagnosticFigure(
                "standardized_loss", "squared error over variance, coordinate by coordinate", standardizedLoss),
        ] + shares(varianceShares, "variance", "b's variance") + shares(errorShares, "error", "W's squared error") + [
            DiagnosticFigure("centred_alignment", "linear CKA of the activation spaces (centred)", centredAlignment)
        ]
    }
}
