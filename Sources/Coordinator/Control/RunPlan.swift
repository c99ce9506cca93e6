package import Run

/// What there is to do in a run: the stages and how each is cut into units. A function of the configuration and
/// the data, not of the workers.
package struct RunPlan: Codable, Hashable, Sendable {
    /// The run's digest.
    package var run: String
    /// In the order in which they are done.
    package var stages: [StagePlan]
    /// Those that are asked over, in the run's order, and behind them the parts of those of several links, which have the
    /// W's.
    package var channels: [Channel]
    /// Those the other way, over which nothing is said: their W's are made and kept.
    package var reverseChannels: [Channel]
    /// Fingerprints of the model folders as the coordinator sees them.
    package var fingerprintA: String
    package var fingerprintB: String
    /// The widths of A's and B's activations, to tell what costs fewer bytes; 0 where nothing is to be compared.
    package var dimensionA: Int
    package var dimensionB: Int

    package init(
        run: String, stages: [StagePlan], channels: [Channel] = [Channel(k: 0, j: 0)],
        reverseChannels: [Channel] = [], fingerprintA: String, fingerprintB: String, dimensionA: Int = 0,
        dimensionB: Int = 0
    ) {
        self.run = run
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        self.stages = stages
        self.channels = channels
        self.reverseChannels = reverseChannels
        self.fingerprintA = fingerprintA
        self.fingerprintB = fingerprintB
    }

    /// The plan of a stage; nil where the run has no such stage.
    package subscript(stage: Stage) -> StagePlan? { stages.first { $0.stage == stage } }

    /// Whether the run has the unit.
    package func contains(_ unit: UnitID) -> Bool { self[unit.stage]?.unitRange.contains(unit.index) ?? false }

    /// Where the extraction reads: A's sites and B's, each once.
    package var sites: [Site] { Self.sites(of: channels) }

    /// The channels whose W's are trained, in their order: the units of the training are theirs.
    package var trainedChannels: [Channel] {
        (channels + reverseChannels).filter { !$0.fit.isClosedForm && !$0.hasSeveralLinks }
    }

    /// A's sites of channels and B's, each once.
    package static func sites(of channels: [Channel]) -> [Site] {
        let links = channels.flatMap(\.links)
        return Set(links.map(\.k)).sorted().map { Site.a($0) } + Set(links.map(\.j)).sorted().map { Site.b($0) }
    }
}

/// One stage and its cut into units.
package struct StagePlan: Codable, Hashable, Sendable {
    package enum Cut: Codable, Hashable, Sendable {
        /// So many units that do not depend on one another.
        case independent(units: Int)
        /// So many texts or items in ranges of `size` (the last may be shorter), `times` over: once for each channel.
        case ranges(of: Int, size: Int, times: Int = 1)
        /// Steps that follow one another, each of several shards: the training of one channel's W.
        case steps(TrainingSchedule)
        /// The outputs of each trained channel's W in so many blocks, each through all steps of the training.
        case outputs(blocks: [Int], TrainingSchedule)
    }

    package var stage: Stage
    package var cut: Cut
    /// The numbers of the units that need a channel's W, in the order of ``RunPlan/channels``. In ``Stage/train`` it is
    /// the W of the step, later the final one. Empty where the units need no W.
    package var channelUnits: [Range<Int>]
    /// Of a stage cut by ranges: what is counted of each text or item, at each time that they are gone through; one where
    /// there is no number.
    package var countPerItem: [Int]
    /// What the stage costs, about, beside others that run models; 0 where nobody knows.
    package var effort: Double

    package init(
        _ stage: Stage, _ cut: Cut, channelUnits: [Range<Int>] = [], countPerItem: [Int] = [], effort: Double = 0
    ) {
        self.stage = stage
        self.cut = cut
        self.channelUnits = channelUnits
        self.countPerItem = countPerItem
        self.effort = effort
    }

    /// A stage whose units need the W's of so many channels, as many units each, one channel after the other.
    package init(_ stage: Stage, _ cut: Cut, channels: Int, countPerItem: [Int] = [], effort: Double = 0) {
        self.init(stage, cut, countPerItem: countPerItem, effort: effort)
        let each = unitRange.count / channels
        channelUnits = (0..<channels).map { $0 * each..<($0 + 1) * each }
    }

    /// Whether its units are shards of steps that follow one another.
    var isStepped: Bool { if case .steps = cut { true } else { false } }

    /// Whether no later stage rests on its results.
    var isRepeatable: Bool {
        switch stage {
        case .extract, .train, .sums: false
        case .parity, .similarity, .evaluate: true
        }
    }

    /// Units, and steps where there are steps.
    package var total: Int {
        switch cut {
        case .independent(let units): units
        case .ranges(let count, let size, let times): (count + size - 1) / size * times
        case .steps(let schedule): schedule.steps
        case .outputs(let blocks, _): blocks.reduce(0, +)
        }
    }

    // MARK: What people count

    /// What it is called.
    package var counted: String {
        switch (stage, cut) {
        case (.parity, _): "parts"
        case (.extract, _), (.sums, _): "texts"
        case (.train, .steps): "steps"
        case (.train, _): "blocks"
        case (.similarity, _): "prompts × layers"
        case (.evaluate, _): "answers"
        }
    }

    /// How much of it a unit, or a step, is.
    package func count(ofUnit index: Int) -> Int {
        guard case .ranges = cut else { return 1 }
        return range(ofUnit: index).count * countPerItem(at: repetition(ofUnit: index))
    }

    package var countTotal: Int {
        guard case .ranges(let count, _, let times) = cut else { return total }
        return (0..<times).reduce(0) { $0 + count * countPerItem(at: $1) }
    }

    private func countPerItem(at repetition: Int) -> Int {
        countPerItem.indices.contains(repetition) ? countPerItem[repetition] : 1
    }

    /// Numbers that ``UnitID/index`` may take.
    package var unitRange: Range<Int> {
        if case .steps(let schedule) = cut { return 0..<schedule.steps * schedule.shardsPerStep }
        return 0..<total
    }

    /// The place in ``RunPlan/trainedChannels`` and the block of a unit of a stage cut by outputs; nil of a number that is
    /// no unit's.
    package func block(ofUnit index: Int) -> (channel: Int, block: Int)? {
        guard case .outputs(let blocks, _) = cut, index >= 0 else { return nil }
        var rest = index
        for (channel, count) in blocks.enumerated() {
            if rest < count { return (channel, rest) }
            rest -= count
        }
        return nil
    }

    // A unit's number may be anybody's word: what follows from it is said of every number.

    /// The texts or items that a unit of a stage cut by ranges reads; none of a number that is no unit's.
    package func range(ofUnit index: Int) -> Range<Int> {
        guard case .ranges(let count, let size, _) = cut, unitRange.contains(index) else { return 0..<0 }
        let place = index % max(1, (count + size - 1) / size)
        return place * size..<min((place + 1) * size, count)
    }

    /// How often the texts or items have been gone through before a unit of a stage cut by ranges; 0 of a number that
    /// is no unit's.
    package func repetition(ofUnit index: Int) -> Int {
        guard case .ranges(let count, let size, _) = cut, unitRange.contains(index) else { return 0 }
        return index / max(1, (count + size - 1) / size)
    }

    /// The place in ``RunPlan/channels`` of the channel whose W the unit needs; nil where it needs none.
    package func channel(ofUnit index: Int) -> Int? {
        channelUnits.firstIndex { $0.contains(index) }
    }
}
