package import Evaluation
package import Run

/// Everything that the files of a run are made from, ``TimingReport`` apart.
///
/// It holds nothing that depends on the moment, the hosts or the number of workers: equal inputs give equal
/// files, byte for byte.
package struct RunReport: Sendable {
    /// The run's digest.
    package var run: String
    package var configuration: RunConfiguration
    /// Versions of the programs and of what they rely on, in the order in which they are shown.
    package var versions: [NamedValue]
    /// SHA-256 of the models and data files, in the order in which they are shown.
    package var fingerprints: [NamedValue]
    /// The workers' kinds of device, sorted. More than one means that the run allowed a mix.
    package var deviceKinds: [DeviceKind]
    /// What a reader must know to read the figures right: broken lines, the kind of models, and the like.
    package var remarks: [String]
    /// How the models compare with other implementations, where they were compared.
    package var parity: [PassedParity]
    /// Items of each task's file, of which the run may have chosen some, by the task's name.
    package var originalCounts: [String: Int]
    /// In the run's order; at least one.
    package var channels: [ChannelReport]
    /// Of each line with W's that are fitted in other ways than by training.
    package var maps: [MapComparison]
    /// What the models compute; nil where none were there.
    package var shape: PairShape?

    package init(
        run: String, configuration: RunConfiguration, versions: [NamedValue], fingerprints: [NamedValue],
        deviceKinds: [DeviceKind], remarks: [String] = [], parity: [PassedParity] = [],
        originalCounts: [String: Int] = [:],
        channels: [ChannelReport], maps: [MapComparison] = [], shape: PairShape? = nil
    ) {
        precondition(!channels.isEmpty, "a run of at least one channel")
        self.run = run
        self.configuration = configuration
        self.versions = versions
        self.fingerprints = fingerprints
        self.deviceKinds = deviceKinds.sorted()
        self.remarks = remarks
        self.parity = parity
        self.originalCounts = originalCounts
        self.channels = channels
        self.maps = maps
        self.shape = shape
    }

    /// Each channel's tasks, in their orders: a channel's are one family of tests, whatever other channels there are.
    package var audits: [[TaskAudit]] { channels.map { TaskAudit.of($0.tasks) } }

    /// Whether files and sections name the channel that they belong to.
    var hasSeveralChannels: Bool { channels.count > 1 }

    /// How W's were trained, each once, with the first channel that has it: its place, and the W's own channel.
    var trainings: [(place: Int, channel: Channel, summary: ProjectionSummary)] {
        var seen: Set<Channel> = []
        return channels.enumerated().flatMap { place, report in
            zip(report.channel.parts, report.projections).compactMap {
                part, projection -> (place: Int, channel: Channel, summary: ProjectionSummary)? in
                guard case .trained(let summary) = projection, seen.insert(part).inserted else { return nil }
                return (place, part, summary)
            }
        }
    }
}

/// What a run found out of one channel.
package struct ChannelReport: Sendable {
    package var channel: Channel
    /// Link by link; one where there is no W, and none where nothing asks for any.
    package var projections: [ProjectionReport]
    package var similarity: SimilarityScores?
    /// In the run's order. What depends on no channel stands in each of them alike.
    package var tasks: [TaskScores]
    /// Of each task what the models read of its items; none where that is not known.
    package var readings: [[ItemReading]]
    /// Of each task.
    package var gates: [PassedGates]

    package init(
        _ channel: Channel, projections: [ProjectionReport] = [], similarity: SimilarityScores? = nil,
        tasks: [TaskScores] = [], readings: [[ItemReading]] = [], gates: [PassedGates] = []
    ) {
        self.channel = channel
        self.projections = projections
        self.similarity = similarity
        self.tasks = tasks
        self.readings = readings
        self.gates = gates
    }

    /// What maps A's activations, in a line; nil where nothing asks for any.
    var projectionLine: String? {
        guard let first = projections.first else { return nil }
        guard projections.count > 1 else { return first.line }
        return zip(channel.links, projections).map { "\($0) \($1.line)" }.joined(separator: "; ")
    }

    /// A task's items' readings, in their order; nil where they are not known.
    func readings(ofTask place: Int) -> [ItemReading]? {
        readings.indices.contains(place) && readings[place].count == tasks[place].items.count ? readings[place] : nil
    }
}

/// What held to the last bit in one task.
package struct PassedGates: Hashable, Sendable {
    /// The task's title.
    package var task: String
    package var gates: [Gate]
    /// Items that were asked.
    package var items: Int

    package init(task: String, gates: [Gate], items: Int) {
        self.task = task
        self.gates = gates
        self.items = items
    }
}

/// How a model that passed its ``ParityGate`` compares with another implementation.
package struct PassedParity: Hashable, Sendable {
    package var gate: ParityGate
    /// The file of figures, and its SHA-256, hexadecimal.
    package var file: String
    package var sha256: String
    /// What computed them; nil where the file does not say.
    package var making: String?
    package var checks: [ParityCheck]

    package init(_ gate: ParityGate, file: String, sha256: String, making: String?, checks: [ParityCheck]) {
        self.gate = gate
        self.file = file
        self.sha256 = sha256
        self.making = making
        self.checks = checks
    }
}

/// A name with its value, both as shown.
package struct NamedValue: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What maps A's activations over a channel.
package enum ProjectionReport: Hashable, Sendable {
    /// A W that the run has trained.
    case trained(ProjectionSummary)
    /// A W that the run has made in closed form.
    case fitted(FittedSummary)
    /// A W from a file, with the SHA-256 of the file.
    case given(file: String, sha256: String, dimensionA: Int, dimensionB: Int)
    /// None: A's activation goes into B as it is.
    case none(dimensionA: Int, dimensionB: Int)
}

/// How the training of W went.
package struct ProjectionSummary: Hashable, Sendable {
    /// The file that holds W, relative to the run's folder.
    package var file: String
    package var dimensionA: Int
    package var dimensionB: Int
    /// Texts that W learned from, and where these are prompts, whose.
    package var rows: Int
    package var split: String?
    package var stepsPerEpoch: Int
    package var learningRate: Double
    /// Of every step, before the step.
    package var losses: [StepLoss]
    /// The mean squared error per element of predicting the mean of the texts that W learned from, on these.
    package var meanLoss: Double?
    /// How well W predicts texts that it has not learned from; nil where there were none.
    package var heldOut: HeldOutSummary?
    /// ‖YᵀX‖²_F / (‖X‖²_F ‖Y‖²_F) of the two models' activations (Ramesh & Li, appendix B.4), where computed.
    package var activationSimilarity: Double?
    /// What the activations and W's error are made of.
    package var diagnostics: [DiagnosticFigure]

    package init(
        file: String, dimensionA: Int, dimensionB: Int, rows: Int, split: String? = nil, stepsPerEpoch: Int,
        learningRate: Double,
        losses: [StepLoss], meanLoss: Double? = nil, heldOut: HeldOutSummary? = nil,
        activationSimilarity: Double? = nil,
        diagnostics: [DiagnosticFigure] = []
    ) {
        precondition(stepsPerEpoch > 0, "an epoch of at least one step")
        self.file = file
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        self.rows = rows
        self.split = split
        self.stepsPerEpoch = stepsPerEpoch
        self.learningRate = learningRate
        self.losses = losses
        self.meanLoss = meanLoss
        self.heldOut = heldOut
        self.activationSimilarity = activationSimilarity
        self.diagnostics = diagnostics
    }

    /// The mean over each epoch's steps.
    package var epochLosses: [Double] {
        stride(from: 0, to: losses.count, by: stepsPerEpoch).map { first in
            let steps = losses[first..<min(first + stepsPerEpoch, losses.count)]
            return steps.reduce(0) { $0 + $1.loss } / Double(steps.count)
        }
    }
}

/// What a W in closed form has come to.
package struct FittedSummary: Hashable, Sendable {
    /// The file that holds W, relative to the run's folder.
    package var file: String
    package var fit: ProjectionFit
    package var dimensionA: Int
    package var dimensionB: Int
    /// Texts that it is made of, and where these are prompts, whose.
    package var rows: Int
    package var split: String?
    /// λ, in units of the mean sum of squares of A's coordinates, and the rank, where they were chosen.
    package var ridge: Double?
    package var rank: Int?
    package var heldOut: HeldOutSummary?

    package init(
        file: String, fit: ProjectionFit, dimensionA: Int, dimensionB: Int, rows: Int, split: String? = nil,
        ridge: Double?, rank: Int?, heldOut: HeldOutSummary?
    ) {
        self.file = file
        self.fit = fit
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        self.rows = rows
        self.split = split
        self.ridge = ridge
        self.rank = rank
        self.heldOut = heldOut
    }
}

/// A figure of the activations that W was trained on.
package struct DiagnosticFigure: Hashable, Sendable {
    /// In files.
    package var name: String
    package var title: String
    package var value: Double

    package init(_ name: String, _ title: String, _ value: Double) {
        self.name = name
        self.title = title
        self.value = value
    }
}

/// The loss of one step of training, before the step.
package struct StepLoss: Hashable, Sendable {
    /// Mean squared error per element.
    package var loss: Double
    /// The same in units of each coordinate's variance, so that a few large ones do not decide it: 1 is what predicting
    /// the mean comes to.
    package var standardised: Double

    package init(loss: Double, standardised: Double) {
        self.loss = loss
        self.standardised = standardised
    }
}

/// How well a map predicts B's activations of texts that it has not learned from.
package struct HeldOutSummary: Hashable, Sendable {
    package var texts: Int
    /// Mean squared error per element, of W and of the mean of the texts that W learned from.
    package var loss: Double
    package var meanLoss: Double
    /// 1 − loss / meanLoss; and the mean of the same of each coordinate by itself.
    package var r2: Double?
    package var coordinateR2: Double?
    /// The loss with each element in units of its variance over the texts that W learned from.
    package var standardisedLoss: Double
    /// Between predictions and B's activations, the mean over the texts.
    package var cosine: Double

    package init(
        texts: Int, loss: Double, meanLoss: Double, r2: Double?, coordinateR2: Double?, standardisedLoss: Double,
        cosine: Double
    ) {
        self.texts = texts
        self.loss = loss
        self.meanLoss = meanLoss
        self.r2 = r2
        self.coordinateR2 = coordinateR2
        self.standardisedLoss = standardisedLoss
        self.cosine = cosine
    }
}
