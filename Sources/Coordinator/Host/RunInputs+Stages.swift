import CoordinatorControl
package import Run
import Storage

/// The cut of the work into stages and units.
extension RunInputs {
    static func plan(
        of manifest: RunManifest, _ references: [GivenReference], texts: [String], _ tasks: [TaskInputs],
        _ similarityLayers: [[Int]],
        _ dimensionA: Int, _ dimensionB: Int
    ) -> RunPlan {
        RunPlan(
            run: manifest.run,
            stages: stages(
                manifest.configuration, references, texts: texts, tasks: tasks, similarityLayers: similarityLayers,
                dimensions: (dimensionA, dimensionB)),
            channels: channels(of: manifest.configuration), reverseChannels: manifest.configuration.reverseChannels,
            fingerprintA: manifest.modelA, fingerprintB: manifest.modelB, dimensionA: dimensionA, dimensionB: dimensionB
        )
    }

    /// Those that are asked over, and behind them the parts of those of several links, which have the W's.
    static func channels(of configuration: RunConfiguration) -> [Channel] {
        let channels = configuration.channels
        return channels + (configuration.projection == .none ? [] : channels.parts.filter { !channels.contains($0) })
    }

    private static func stages(
        _ configuration: RunConfiguration, _ references: [GivenReference], texts: [String], tasks: [TaskInputs],
        similarityLayers: [[Int]], dimensions: (a: Int, b: Int)
    ) -> [StagePlan] {
        let trains = configuration.experiments.contains(.projection)
        let hasProjections = configuration.hasProjections
        let channels = configuration.channels.count
        var stages: [StagePlan] = []
        if !references.isEmpty {
            stages.append(StagePlan(.parity, .independent(units: references.reduce(0) { $0 + $1.parts })))
        }
        if trains {
            let effort = texts.reduce(0) { $0 + StageEffort.reading($1) } * 2
            stages.append(
                StagePlan(.extract, .ranges(of: texts.count, size: textsPerUnit), effort: effort))
            if configuration.channels.contains(where: { !$0.fit.isClosedForm }) {
                stages.append(StagePlan(.train, .steps(schedule(configuration)), channels: 1))
            }
            let parts = SumsPart.parts(
                of: fittedLines(configuration.channels), dimensionA: dimensions.a, dimensionB: dimensions.b
            ).count
            if parts > 0 {
                let rows = configuration.training.rows
                stages.append(StagePlan(.sums, .ranges(of: rows, size: textsPerSums(rows), times: parts)))
            }
        }
        if configuration.experiments.contains(.similarity) {
            var ranges: [Range<Int>] = []
            for layers in similarityLayers {
                let first = ranges.last?.upperBound ?? 0
                ranges.append(first..<first + layers.count * configuration.similarity.prompts.count)
            }
            let similarity = configuration.similarity
            let effort = similarity.prompts.reduce(0) {
                $0 + 3 * StageEffort.reading($1) + 2 * StageEffort.writing(similarity.newTokens)
            }
            stages.append(
                StagePlan(
                    .similarity, .independent(units: ranges.last?.upperBound ?? 0),
                    channelUnits: hasProjections ? ranges : [],
                    effort: effort * Double(similarityLayers.reduce(0) { $0 + $1.count })))
        }
        return stages
            + tasks.map { task in
                var plan = StagePlan(
                    .evaluate(task: task.task.name),
                    .ranges(of: task.items.count, size: itemsPerUnit, times: channels),
                    channels: channels,
                    countPerItem: (0..<channels).map { task.conditions(ofChannel: $0, isFirst: false).count },
                    effort: (0..<channels).reduce(0) { $0 + StageEffort.answering(task, channel: $1) })
                if !hasProjections { plan.channelUnits = [] }
                return plan
            }
    }

    static func schedule(_ configuration: RunConfiguration) -> TrainingSchedule {
        let training = configuration.training
        return TrainingSchedule(
            textCount: training.rows, epochs: training.epochs, batch: training.batch, shardTexts: training.shardRows,
            seed: configuration.seed)
    }

    /// When W is trained: how. Nil where the run trains none.
    package var schedule: TrainingSchedule? {
        texts.isEmpty && activations == nil ? nil : Self.schedule(configuration)
    }

    /// The texts that W's fit is measured by: those after the ones that it learns from.
    var heldOut: Range<Int> { min(configuration.training.rows, texts.count)..<texts.count }

    /// What is read of texts; nil where there are none.
    static func reading(
        _ texts: [String], _ prompts: RunManifest.PromptReading?, _ configuration: RunConfiguration
    ) -> RunManifest.Reading? {
        guard !texts.isEmpty else { return nil }
        var hasher = ContentHasher()
        for text in texts {
            hasher.update("\(text.utf8.count)\u{0}")
            hasher.update(text)
        }
        let sites = RunPlan.sites(of: configuration.channels)
        return RunManifest.Reading(
            texts: hasher.finish().hex, count: texts.count, maximumTokens: configuration.training.maximumTokens,
            sites: sites, prompts: prompts)
    }

    /// Refuses more sites of a model than one pass's activations can travel from.
    static func checkSites(_ channels: [Channel]) throws(HostError) {
        let links = channels.flatMap(\.links)
        for (flag, sites) in [("A (k)", Set(links.map(\.k))), ("B (j)", Set(links.map(\.j)))]
        where sites.count > MessageLimits.sites {
            throw .tooManySites(model: flag, count: sites.count, limit: MessageLimits.sites)
        }
    }

    /// The numbers of the texts or items that a unit covers.
    func range(of id: UnitID) -> Range<Int> {
        plan.stages.first { $0.stage == id.stage }?.range(ofUnit: id.index) ?? 0..<0
    }

    /// Reads texts at the sites of all channels.
    func extractUnit(_ id: UnitID) -> ExtractUnit {
        let range = range(of: id)
        return ExtractUnit(
            firstText: range.lowerBound, texts: Array(texts[range]),
            maximumTokens: configuration.training.maximumTokens,
            sitesOfA: plan.sites.filter { $0.model == .a }.map(\.blocks),
            sitesOfB: plan.sites.filter { $0.model == .b }.map(\.blocks), answerTokens: promptReading?.answerTokens)
    }
}

/// What stages cost beside one another, about, without a token having been counted: so that what one takes says something
/// of those to come. In tokens of a pass, of four bytes of text each.
private enum StageEffort {
    static func reading(_ text: String) -> Double { Double(text.utf8.count) / 4 }

    /// A token that is written is a pass of its own, which those that are decoded together share.
    static func writing(_ tokens: Int) -> Double { 2 * Double(tokens) }

    static func answering(_ task: RunInputs.TaskInputs, channel: Int) -> Double {
        let conditions = task.conditions(ofChannel: channel, isFirst: false)
        return task.prompts.reduce(0) { sum, item in
            conditions.reduce(sum) { $0 + reading(item.prompts[$1.prompt] ?? "") + writing(task.form.longest) }
        }
    }
}
