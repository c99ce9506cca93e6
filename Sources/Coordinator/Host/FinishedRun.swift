import CPUDevice
import CoordinatorControl
import Devices
package import Evaluation
import Foundation
import Projection
import Reports
import Run
import Storage
import Tasks

/// A run that is done: its scores, and the files that show them.
package struct FinishedRun: Sendable {
    private let summary: Summary
    /// What workers spent on answers; nil where nobody told.
    private let spending: Summary?
    /// The run's files, by name, those written earlier (W, the journal) included.
    package let files: [String]

    /// Scores what the run holds, writes the files that follow from it, and notes all of them as what the run wrote.
    /// - Parameters:
    ///   - software: the product's version.
    ///   - remarks: what a reader must know besides.
    ///   - timing: what it took; nil where that is not known.
    ///   - tensorBoard: a folder for TensorBoard's event file, if one is wanted.
    ///   - harness: whether the files of the language-model evaluation harness are wanted; they are made again where they
    ///     were made before.
    init(
        _ run: LiveRun, software: String, remarks: [String], timing: TimingReport? = nil, tensorBoard: URL? = nil,
        harness: Bool = false
    ) throws {
        let remarks = run.inputs.remarks + remarks
        let readings = try Self.readings(of: run)
        let report = try Self.report(of: run, software: software, remarks: remarks, readings: readings)
        if let tensorBoard {
            let file = report.tensorBoard
            try LiveEvents.Part(file: tensorBoard.appendingPathComponent(file.name), offset: 0, bytes: file.bytes)
                .write(isWhole: true)
        }
        let inputs = try StoredInputs(run.inputs, remarks: remarks, readings: readings).bytes
        let made = report.files + (harness || Self.hasHarnessFiles(run.manifest) ? report.harnessFiles : [])
        let files = [(name: RunFiles.inputs, bytes: inputs)] + made.map { (name: $0.name, bytes: $0.bytes) }
        for file in files { try run.storage.write(file.bytes, to: file.name) }
        let written =
            try run.trainedFiles.map { file in
                let bytes = try run.storage.read(file, limit: Self.byteLimit(ofProjection: run.inputs)) ?? Data()
                return RunManifest.WrittenFile(name: file, sha256: ContentHasher.digest(of: bytes).hex)
            }
            + files.map { RunManifest.WrittenFile(name: $0.name, sha256: ContentHasher.digest(of: $0.bytes).hex) }
        try run.finish(written)
        // Beside the files that are the same whenever and wherever they are made.
        let page = timing.flatMap(report.timingPage)
        if let page { try run.storage.write(page.bytes, to: page.name) }
        self.init(
            summary: report.summary, timing: timing, written: written, hasPage: page != nil)
    }

    private static func hasHarnessFiles(_ manifest: RunManifest) -> Bool {
        manifest.files.contains { $0.name.hasPrefix(RunReport.harnessFolder + "/") }
    }

    /// Of a W's file: its values, and the header.
    private static func byteLimit(ofProjection inputs: RunInputs) -> Int {
        MemoryLayout<Float>.size * inputs.dimensionA * inputs.dimensionB + (1 << 20)
    }

    private init(
        summary: Summary, timing: TimingReport?, written: [RunManifest.WrittenFile], hasPage: Bool
    ) {
        self.summary = summary
        spending = timing?.spending
        files =
            [RunFiles.manifest] + written.map(\.name) + [TimingReport.name] + (hasPage ? [TimingReport.page] : [])
    }

    /// The final tables for a terminal of so many columns.
    package func summary(width: Int, wrapping: Bool = true, inASCII: Bool = false) -> String {
        [summary, spending].compactMap(\.self).map { summary in
            let summary = inASCII ? summary.ascii : summary
            return wrapping ? summary.text(width: width) : summary.text(tableWidth: width)
        }.joined(separator: "\n")
    }

    /// The run in `folder`, where it was finished before and its files are what it wrote; else nil.
    /// - Parameter harness: as in ``init(_:software:remarks:tensorBoard:harness:)``: where they are not there, it is nil.
    /// - Throws: where the folder holds another run, or its description cannot be used.
    package init?(_ sources: RunSources, in folder: RunFolder, harness: Bool = false) throws {
        guard folder.contains(RunFiles.manifest) else { return nil }
        guard let manifest = try sources.manifest().existing(in: folder), !manifest.files.isEmpty,
            !harness || Self.hasHarnessFiles(manifest)
        else { return nil }
        let written = manifest.files
        let digests = try? FileDigests().digests(ofFilesAt: written.map { folder.url(of: $0.name) })
        guard digests?.map(\.hex) == written.map(\.sha256),
            let bytes = try folder.read(Summary.file, limit: Summary.byteLimit)
        else { return nil }
        let path = folder.url(of: Summary.file).path
        self.init(
            summary: try Summary(file: path, bytes: Array(bytes)), timing: TimingReport(of: manifest.run, in: folder),
            written: written, hasPage: folder.contains(TimingReport.page))
    }

    /// Makes the reports of the finished run in `folder` again, from its files: neither models nor data are read.
    /// - Parameters:
    ///   - software: the product's version.
    ///   - tasks: those that there are, the user's own apart.
    ///   - conditions: those that there are.
    /// - Throws: where the folder holds no finished run, or one of which something is missing.
    package init(
        again folder: RunFolder, software: String, tasks: [TaskDefinition] = TaskDefinition.all,
        conditions: ConditionTable = .standard, harness: Bool = false
    ) throws {
        let inputs = try RunInputs(finishedIn: folder, tasks: tasks, conditions: conditions)
        // Nobody works on it, so times are of no consequence.
        let run = try LiveRun(
            inputs: inputs, storage: folder, limits: RunLimits(), firstLease: 1, device: try CPUDevice(),
            now: .seconds(0), send: { _, _ in })
        run.start(at: .seconds(0))
        run.settleDisk(at: .seconds(0))
        guard run.outcome == .done else { throw HostError.unfinished(folder: folder.path) }
        try self.init(
            run, software: software, remarks: [], timing: TimingReport(of: inputs.manifest.run, in: folder),
            harness: harness)
    }

    private static func report(
        of run: LiveRun, software: String, remarks: [String], readings: [[[ItemReading]]]
    ) throws -> RunReport {
        let inputs = run.inputs
        let configuration = inputs.configuration
        let manifest = run.manifest
        return RunReport(
            run: manifest.run, configuration: manifest.configuration,
            versions: [NamedValue("activation-communication", software), NamedValue("protocol", "\(protocolVersion)")],
            fingerprints: [NamedValue("model_a", manifest.modelA), NamedValue("model_b", manifest.modelB)]
                + manifest.data.map { NamedValue("\($0.flag) \($0.name)", $0.sha256) },
            deviceKinds: manifest.deviceKinds, remarks: remarks,
            parity: inputs.references.map { given in
                let file = manifest.data.first { $0.flag == "verify-\(given.model.rawValue.lowercased())" }
                return PassedParity(
                    ParityGate(given.model), file: file?.name ?? "", sha256: file?.sha256 ?? "", making: given.making,
                    checks: inputs.parity(of: given, in: run.results))
            },
            originalCounts: Dictionary(uniqueKeysWithValues: inputs.tasks.map { ($0.task.name, $0.originalCount) }),
            channels: try configuration.channels.indices.map { channel in
                let answers = inputs.tasks.map { Self.answers(to: $0, in: run, channel) }
                let line = configuration.channels[channel]
                return ChannelReport(
                    line, projections: try projections(of: run, line), similarity: similarity(of: run, channel),
                    tasks: try zip(inputs.tasks, answers).map { try scores(of: $0, $1, inputs) },
                    readings: readings.indices.contains(channel) ? readings[channel] : [],
                    gates: inputs.tasks.filter { !$0.gates.gates.isEmpty }.map { task in
                        PassedGates(
                            task: task.task.title, gates: task.gates.gates,
                            items: min(task.items.count, RunInputs.itemsPerUnit))
                    })
            }, maps: try comparedLines(of: inputs).compactMap { try comparison(of: $0, in: run) }, shape: inputs.shape)
    }

    /// The trained W's, each once, in the order of the channels that have them.
    static func trainings(of run: LiveRun) -> [TrainedProjection] {
        guard case .trained = run.inputs.manifest.configuration.projection else { return [] }
        var seen: Set<Channel> = []
        return run.inputs.configuration.channels.flatMap(\.parts).filter { seen.insert($0).inserted }
            .compactMap { part in run.projections.first { $0.channel == part && $0.form == nil } }
    }

    /// What maps A's activations over a channel, link by link; none where nothing asks for any.
    private static func projections(of run: LiveRun, _ channel: Channel) throws -> [ProjectionReport] {
        let inputs = run.inputs
        switch inputs.manifest.configuration.projection {
        case .trained: return try channel.parts.compactMap { try made(in: run, $0) }
        case .files(let files):
            let digests = inputs.manifest.data.filter { $0.flag == "projection" }.map(\.sha256)
            let parts = inputs.configuration.channels.parts
            return channel.parts.compactMap { part -> ProjectionReport? in
                guard let place = parts.firstIndex(of: part) else { return nil }
                return .given(
                    file: files[place], sha256: digests[place], dimensionA: inputs.dimensionA,
                    dimensionB: inputs.dimensionB)
            }
        case .none: return [.none(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)]
        }
    }

    private static func made(in run: LiveRun, _ channel: Channel) throws -> ProjectionReport? {
        guard let made = run.projections.first(where: { $0.channel == channel }), let schedule = run.inputs.schedule,
            let texts = LineTexts(channel, in: run)
        else { return nil }
        let training = run.inputs.configuration.training
        let heldOut = try texts.heldOut { try HeldOutFit(made.trainer.projection, x: $0, y: $1, moments: $2, on: $3) }
        if let form = made.form {
            return .fitted(
                FittedSummary(
                    file: made.file(run.inputs), fit: channel.fit, dimensionA: run.inputs.dimensionA,
                    dimensionB: run.inputs.dimensionB, rows: schedule.textCount, split: training.fitOn,
                    ridge: form.ridge,
                    rank: form.rank, heldOut: heldOut))
        }
        let diagnostics = try ActivationDiagnostics(
            x: texts.x, y: texts.y, w: made.trainer.projection, on: run.device)
        return .trained(
            ProjectionSummary(
                file: made.file(run.inputs),
                dimensionA: run.inputs.dimensionA, dimensionB: run.inputs.dimensionB,
                rows: schedule.textCount, split: training.fitOn, stepsPerEpoch: schedule.stepsPerEpoch,
                learningRate: training.learningRate, losses: made.losses,
                meanLoss: texts.moments.loss, heldOut: heldOut,
                activationSimilarity: diagnostics.similarity, diagnostics: diagnostics.figures))
    }

    /// The lines whose maps are held beside each other: those with several ways to fit or both ways to map.
    private static func comparedLines(of inputs: RunInputs) -> [Channel] {
        inputs.plan.reverseChannels.isEmpty ? inputs.fittedLines : inputs.configuration.channels.parts.lines
    }

    /// The maps of a line beside each other, and beside such as nobody has to make; nil where no texts were held out.
    private static func comparison(of line: Channel, in run: LiveRun) throws -> MapComparison? {
        let directions = run.inputs.plan.reverseChannels.isEmpty ? [line] : [line, line.reversed]
        let maps = try directions.flatMap { try Self.maps(along: $0, in: run) }
        return maps.isEmpty ? nil : MapComparison(line, maps: maps)
    }

    /// Those that map one way.
    private static func maps(along direction: Channel, in run: LiveRun) throws -> [MapComparison.Map] {
        guard let texts = LineTexts(direction, in: run) else { return [] }
        var maps: [MapComparison.Map] = []
        func add(_ name: String, _ made: TrainedProjection? = nil, fit: HeldOutSummary?) {
            guard let fit else { return }
            maps.append(
                MapComparison.Map(
                    name, channel: made?.channel, isReverse: direction.isReverse, file: made?.file(run.inputs),
                    heldOut: fit))
        }
        for made in run.projections
        where made.channel.line == direction.line && made.channel.isReverse == direction.isReverse {
            add(
                made.channel.fit.rawValue, made,
                fit: try texts.heldOut { try HeldOutFit(made.trainer.projection, x: $0, y: $1, moments: $2, on: $3) })
        }
        if run.inputs.dimensionA == run.inputs.dimensionB {
            add(
                "identity",
                fit: try texts.heldOut { x, y, moments, _ in try HeldOutFit(predicted: x, y: y, moments: moments) })
        }
        add("mean", fit: try texts.heldOut { _, y, moments, _ in try HeldOutFit(meanOf: moments, y: y) })
        return maps
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

    /// What the models read of each task's items, by channel: by the models' tokenizers, or as it was kept.
    private static func readings(of run: LiveRun) throws -> [[[ItemReading]]] {
        let inputs = run.inputs
        guard let readers = inputs.readers else { return inputs.keptReadings }
        return try inputs.configuration.channels.enumerated().map { place, channel in
            try inputs.tasks.map { task in
                try TaskReadings(task, readers, over: channel, at: inputs.configuration.positions)
                    .items(answers(to: task, in: run, place))
            }
        }
    }

    /// Of each item over a channel, by condition, as they are reported.
    private static func answers(to task: RunInputs.TaskInputs, in run: LiveRun, _ channel: Int) -> [[[Answer]]] {
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
        return zip(answers(0), answers(channel)).map {
            task.asked.grouped(task.merged(first: $0, own: $1, channel: channel))
        }
    }

    private static func scores(
        of task: RunInputs.TaskInputs, _ answers: [[[Answer]]], _ inputs: RunInputs
    ) throws -> TaskScores {
        let evaluation = inputs.configuration.evaluation
        return try TaskScores(
            task.task, conditions: task.conditions, items: task.items, answers: answers, preset: evaluation.preset,
            endpoints: evaluation.endpoints, seed: inputs.configuration.seed)
    }
}

/// The texts' activations on a line, x mapped to y: those that its W's are made of, and those that were held out.
private struct LineTexts {
    let x: FloatMatrix
    let y: FloatMatrix
    let moments: TargetMoments
    private let others: (x: FloatMatrix, y: FloatMatrix)?
    private let device: any Device

    /// nil where they were not read.
    init?(_ line: Channel, in run: LiveRun) {
        guard let schedule = run.inputs.schedule, let activations = run.activations,
            let x = activations.rows(0..<schedule.textCount, at: line.source),
            let y = activations.rows(0..<schedule.textCount, at: line.target)
        else { return nil }
        (self.x, self.y, moments, device) = (x, y, TargetMoments(y), run.device)
        let heldOut = run.inputs.heldOut
        guard !heldOut.isEmpty, let x = activations.rows(heldOut, at: line.source),
            let y = activations.rows(heldOut, at: line.target)
        else {
            others = nil
            return
        }
        others = (x, y)
    }

    /// How a map fits the texts that were held out; nil where there are none.
    func heldOut(
        _ fit: (_ x: FloatMatrix, _ y: FloatMatrix, TargetMoments, any Device) throws -> HeldOutFit
    ) throws -> HeldOutSummary? {
        guard let others else { return nil }
        let fit = try fit(others.x, others.y, moments, device)
        return HeldOutSummary(
            texts: fit.texts, loss: fit.loss, meanLoss: fit.meanLoss, r2: fit.r2, coordinateR2: fit.coordinateR2,
            standardisedLoss: fit.standardisedLoss, cosine: fit.cosine)
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
