package import Devices
import Generation
import Models
import Projection
package import Run

/// Does units: a unit in, a result out. It knows no coordinator and no sockets; the same unit gives the same bytes
/// on any machine of the same device kind.
///
/// What a unit needs besides itself (the models, W, rows of activations) is handed in before: ``load(_:)`` and
/// ``execute(_:)`` take them from the messages that bring them.
package final class UnitEngine: UnitExecutor {
    let device: any Device
    /// Folders to load instead of those that the coordinator names, where the files lie elsewhere on this machine.
    private let folderA: String?
    private let folderB: String?

    private(set) var welcome: Welcome?
    private var a: LoadedModel?
    private var b: LoadedModel?
    var training: TrainingEngine
    /// Of each model the sequences that units at work wait for.
    var decoding: [ObjectIdentifier: DecodingLoop] = [:]
    var waiting: [Waiting: UnitRoutine] = [:]
    /// The unit that has its turn.
    var running: UnitRoutine?
    package let meter: UnitMeter? = UnitMeter()
    /// The moments of a task's messages, link by link, of the units' sample that was asked for last.
    var sampled: (key: SampleKey, w: [FloatMatrix]?, moments: [MessageMoments])?

    /// What units of other channels read of the same items.
    var streams = StreamMemory()

    package init(device: any Device, folderA: String? = nil, folderB: String? = nil) {
        self.device = device
        self.folderA = folderA
        self.folderB = folderB
        training = TrainingEngine(device: device)
    }

    /// Loads the run's models; those that are loaded already stay. W and rows of another run are forgotten.
    package func load(_ welcome: Welcome) throws -> Readiness {
        let pathA = folderA ?? welcome.modelA
        let pathB = folderB ?? welcome.modelB
        training = TrainingEngine(device: device)
        decoding = [:]
        sampled = nil
        streams = StreamMemory()
        self.welcome = welcome
        let computeType = welcome.computeType
        func isLoaded(_ model: LoadedModel?, from path: String) -> Bool {
            model?.folder.url.path == path && model?.model.computeType == computeType
                && model?.isChat == welcome.chat && model?.settings == welcome.reading
        }
        func loaded(_ path: String) throws -> LoadedModel {
            try LoadedModel(
                path: path, on: device, computeType: computeType, chat: welcome.chat, settings: welcome.reading)
        }
        if !isLoaded(a, from: pathA) { a = try loaded(pathA) }
        if !isLoaded(b, from: pathB) { b = pathA == pathB ? a : try loaded(pathB) }
        guard let a, let b else { throw EngineError.notLoaded }
        // An item has some four conditions or more: with so many units the device is full.
        return Readiness(
            fingerprintA: a.fingerprint, fingerprintB: b.fingerprint, capacity: max(1, device.standardBatch / 4))
    }

    /// Keeps activations for units that are granted later.
    package func keep(_ activations: TextActivations) {
        training.keep(activations)
    }

    /// Takes in what came with a grant and does its unit.
    package func execute(_ grant: Grant) throws -> UnitResult {
        let lease = grant.lease
        meter?.note(0, of: lease)
        defer { meter?.forget(lease) }
        try training.prepare(grant)
        switch grant.unit {
        case .parity(let unit):
            let (a, b, _) = try pair()
            return .parity(ParityResult(checks: try Verification(unit.reference, of: unit.model == .a ? a : b).checks))
        case .extract(let unit):
            return .extract(try extract(unit) { [meter] in meter?.note($0, of: lease) })
        case .train(let unit): return .train(try training.result(unit, of: grant))
        case .trainOutputs(let unit, let targets):
            return .trainOutputs(
                try training.result(unit, targets: targets) { [meter] in meter?.note($0, of: lease) })
        case .sums(let unit): return .sums(ActivationSums.result(unit, on: device))
        case .similarity(let unit): return .similarity(try similarity(unit))
        case .evaluate(let unit): return .evaluate(try evaluate(unit))
        }
    }

    func pair() throws(EngineError) -> (a: LoadedModel, b: LoadedModel, welcome: Welcome) {
        guard let a, let b, let welcome else { throw .notLoaded }
        return (a, b, welcome)
    }

    // MARK: Extraction

    /// One pass of each model over the unit's texts, whichever number of sites is read.
    private func extract(_ unit: ExtractUnit, report: (Double) -> Void) throws -> ExtractResult {
        let (a, b, welcome) = try pair()
        let positions = welcome.positions.ofLearning
        let ofA = try activations(of: unit, in: a, at: unit.sitesOfA, positions.a)
        report(0.5)
        let result = ExtractResult(a: ofA, b: try activations(of: unit, in: b, at: unit.sitesOfB, positions.b))
        training.keep(unit, result)
        return result
    }

    /// The residual streams at each text's own last token, or at a prompt's `position`, [texts, width] for each of the
    /// block counts.
    private func activations(
        of unit: ExtractUnit, in model: LoadedModel, at layers: [Int], _ position: TokenPosition
    ) throws -> [FloatMatrix] {
        let prompts = try unit.texts.map { text in
            let tokens =
                try unit.answerTokens.map {
                    try model.tokens(upTo: position, ofPrompt: text, newTokens: $0)
                } ?? model.text(text, maximumTokens: unit.maximumTokens)
            guard !tokens.isEmpty else { throw EngineError.emptyPrompt(model: model.folder.url.path, text: text) }
            return tokens
        }
        let streams = try model.model.residualStreams(
            of: prompts, at: layers.map { ActivationSite(afterBlocks: $0) })
        return streams.map { texts in
            FloatMatrix(
                rows: texts.count, columns: model.folder.configuration.hiddenSize, values: Array(texts.joined()))
        }
    }
}
