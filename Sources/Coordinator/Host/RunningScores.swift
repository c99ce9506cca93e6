import Evaluation
import Run

/// What the answers so far are worth, for those who watch: of the task at work, or the last that was.
///
/// It keeps up with the run a few units at a time, so that whoever asks waits for little.
struct RunningScores {
    /// A task over one channel.
    private struct Channel {
        var contrast: RunningContrast
        /// Numbers of the items that have not been taken in, ascending.
        var open: [Int]
    }

    private let preset: EvaluationProtocol
    private let endpoints: [EvaluationEndpoint]
    private var channels: [[Channel]?]

    /// Items that are taken in at a time, and those that are looked at: units end about in their order.
    private static let (taken, looked) = (16, 256)

    init(_ inputs: RunInputs) {
        preset = inputs.configuration.evaluation.preset
        endpoints = inputs.configuration.evaluation.endpoints
        channels = Array(repeating: nil, count: inputs.tasks.count)
    }

    /// The scores of the last of these stages that has answers.
    mutating func scores(of run: LiveRun, _ stages: [StageStatus]) -> [RunningScore] {
        let begun = stages.last { if case .evaluate = $0.stage { $0.unitsDone > 0 } else { false } }
        guard let stage = begun?.stage,
            let place = run.inputs.tasks.firstIndex(where: { $0.task.name == stage.rawValue })
        else { return [] }
        let task = run.inputs.tasks[place]
        if channels[place] == nil {
            let contrast = RunningContrast(
                task.task, conditions: task.conditions, endpoints: endpoints, preset: preset)
            channels[place] = contrast.map { contrast in
                run.inputs.configuration.channels.map { _ in
                    Channel(contrast: contrast, open: Array(task.items.indices))
                }
            }
        }
        let count = channels[place]?.count ?? 0
        return (0..<count).compactMap { channel in
            keepUp(place, channel, task, run, stage)
            guard let contrast = channels[place]?[channel].contrast, let figures = contrast.figures else { return nil }
            let scale = contrast.metric.scale == .share ? 100.0 : 1
            return RunningScore(
                stage: stage, channel: run.inputs.configuration.channels[channel], items: figures.items,
                itemsTotal: task.items.count, contrast: contrast.contrast.name, metric: contrast.metric.name,
                mean: scale * figures.mean, low: scale * figures.interval.low, high: scale * figures.interval.high,
                better: figures.better, worse: figures.worse,
                conditions: figures.conditions.map {
                    RunningScore.ConditionMean(
                        condition: $0.name, mean: scale * $0.mean, low: scale * $0.interval.low,
                        high: scale * $0.interval.high)
                })
        }
    }

    /// Takes in what has come since, some of it.
    private mutating func keepUp(
        _ place: Int, _ channel: Int, _ task: RunInputs.TaskInputs, _ run: LiveRun, _ stage: Stage
    ) {
        guard let open = channels[place]?[channel].open else { return }
        var taken: Set<Int> = []
        for item in open.prefix(Self.looked) where taken.count < Self.taken {
            guard let first = run.answers(to: item, of: task, stage, channel: 0),
                let own = run.answers(to: item, of: task, stage, channel: channel)
            else { continue }
            let answers = task.asked.grouped(task.merged(first: first, own: own, channel: channel))
            channels[place]?[channel].contrast.take(task.items[item], answers)
            taken.insert(item)
        }
        if !taken.isEmpty { channels[place]?[channel].open.removeAll { taken.contains($0) } }
    }
}

extension LiveRun {
    /// What workers answered to an item over a channel; nil where that is not here.
    func answers(
        to item: Int, of task: RunInputs.TaskInputs, _ stage: Stage, channel: Int
    ) -> ItemAnswers? {
        let each = RunInputs.itemsPerUnit
        let unit = channel * ((task.items.count + each - 1) / each) + item / each
        guard case .evaluate(let result) = results[UnitID(stage, unit)], result.items.indices.contains(item % each)
        else { return nil }
        return result.items[item % each]
    }
}
