import CoordinatorControl
package import Run
import Storage

/// The cut of the work into stages and units.
extension RunInputs {
    static func plan(
        of manifest: RunManifest, textCount: Int, _ tasks: [TaskInputs], _ similarityLayers: [[Int]],
        _ dimensionA: Int, _ dimensionB: Int
    ) -> RunPlan {
        RunPlan(
            run: manifest.run,
            stages: stages(
                manifest.configuration, textCount: textCount, tasks: tasks, similarityLayers: similarityLayers),
            channels: manifest.configuration.channels, fingerprintA: manifest.modelA, fingerprintB: manifest.modelB,
            dimensionA: dimensionA, dimensionB: dimensionB)
    }

    private static func stages(
        _ configuration: RunConfiguration, textCount: Int, tasks: [TaskInputs], similarityLayers: [[Int]]
    ) -> [StagePlan] {
        let trains = configuration.experiments.contains(.projection)
        let hasProjections = configuration.hasProjections
        let channels = configuration.channels.count
        func stage(_ stage: Stage, _ cut: StagePlan.Cut) -> StagePlan {
            hasProjections ? StagePlan(stage, cut, channels: channels) : StagePlan(stage, cut)
        }
        var stages: [StagePlan] = []
        if trains {
            stages.append(StagePlan(.extract, .ranges(of: textCount, size: textsPerUnit)))
            if configuration.channels.contains(where: { !$0.fit.isClosedForm }) {
                stages.append(StagePlan(.train, .steps(schedule(configuration)), channels: 1))
            }
            let lines = fittedLines(configuration.channels).count
            if lines > 0 {
                let rows = configuration.training.rows
                stages.append(StagePlan(.sums, .ranges(of: rows, size: textsPerSums(rows), times: lines)))
            }
        }
        if configuration.experiments.contains(.similarity) {
            var ranges: [Range<Int>] = []
            for layers in similarityLayers {
                let first = ranges.last?.upperBound ?? 0
                ranges.append(first..<first + layers.count * configuration.similarity.prompts.count)
            }
            stages.append(
                StagePlan(
                    .similarity, .independent(units: ranges.last?.upperBound ?? 0),
                    channelUnits: hasProjections ? ranges : []))
        }
        return stages
            + tasks.map { task in
                stage(
                    .evaluate(task: task.task.name),
                    .ranges(of: task.items.count, size: itemsPerUnit, times: channels))
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
    static func reading(_ texts: [String], _ configuration: RunConfiguration) -> RunManifest.Reading? {
        guard !texts.isEmpty else { return nil }
        var hasher = ContentHasher()
        for text in texts {
            hasher.update("\(text.utf8.count)\u{0}")
            hasher.update(text)
        }
        let sites = RunPlan.sites(of: configuration.channels)
        return RunManifest.Reading(
            texts: hasher.finish().hex, count: texts.count, maximumTokens: configuration.training.maximumTokens,
            sites: sites)
    }

    /// Refuses more sites of a model than one pass's activations can travel from.
    static func checkSites(_ channels: [Channel]) throws(HostError) {
        for (flag, sites) in [("A (k)", Set(channels.map(\.k))), ("B (j)", Set(channels.map(\.j)))]
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
            sitesOfB: plan.sites.filter { $0.model == .b }.map(\.blocks))
    }
}
