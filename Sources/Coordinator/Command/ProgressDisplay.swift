import Console
import CoordinatorHost
import Foundation
import PlainText
import Run

/// Draws a run's progress: a bar per stage on a terminal, plain lines elsewhere, and faults as they come.
struct ProgressDisplay {
    private var bar = ProgressBar(isInteractive: Terminal.error.isInteractive)
    private var stagesShown: Set<Stage> = []
    private var faultsShown = 0
    private var alarmsShown: Set<String> = []
    private var warnedOfNobody = false
    /// What was last shown, and how long to wait before the next look: longer while nothing changes.
    private var shown: Glance?
    private var pause = Self.shortestPause

    private static var shortestPause: Duration { .milliseconds(Terminal.error.isInteractive ? 100 : 1000) }
    private static var longestPause: Duration { .seconds(Terminal.error.isInteractive ? 1 : 5) }

    /// What a change is seen by.
    private struct Glance: Equatable {
        var done: Int
        var faults: Int
        var workers: [WorkerStatus.State]

        init(_ status: RunStatus) {
            done = status.stages.reduce(0) { $0 + $1.unitsDone }
            faults = status.faultCount + status.alarms.count
            workers = status.workers.map(\.state)
        }
    }

    /// Follows the run until the task is cancelled.
    /// - Parameter listening: whether workers may come from elsewhere.
    func follow(_ host: RunServer, listening: Bool) async {
        var display = self
        while !Task.isCancelled {
            let status = await host.status()
            display.show(status, listening: listening)
            try? await Task.sleep(for: display.nextPause(Glance(status)))
        }
        display.show(await host.status(), listening: listening)
        Self.say(display.bar.finish())
    }

    private mutating func nextPause(_ glance: Glance) -> Duration {
        pause = glance == shown ? min(pause * 2, Self.longestPause) : Self.shortestPause
        shown = glance
        return pause
    }

    private mutating func show(_ status: RunStatus, listening: Bool) {
        let fresh = min(status.faultCount - faultsShown, status.faults.count)
        for fault in status.faults.suffix(max(0, fresh)) {
            Self.say(bar.message("note: " + (fault.worker.map { "worker \($0) " } ?? "") + fault.what))
        }
        faultsShown = status.faultCount
        for alarm in status.alarms where alarmsShown.insert(alarm.what).inserted {
            Terminal.error.write(bar.message("note: \(alarm.what)"))
        }
        if listening, !warnedOfNobody, status.phase == .running, status.elapsedSeconds > 10,
            status.workers.allSatisfy({ $0.state == .lost })
        {
            warnedOfNobody = true
            Self.say(bar.message("note: no worker has come yet; the run waits"))
        }
        for stage in status.stages {
            let isCurrent = stage.unitsDone < stage.unitsTotal
            if !isCurrent, stagesShown.contains(stage.stage) { continue }
            Self.say(
                bar.update(
                    Self.progress(of: stage, in: status), width: Terminal.error.width, atSeconds: status.elapsedSeconds)
            )
            if isCurrent { return }
            stagesShown.insert(stage.stage)
        }
    }

    /// Shows what is drawn; where nobody watches it is lines of a log.
    private static func say(_ text: String) {
        if Terminal.error.isInteractive { return Terminal.error.write(text) }
        for line in text.split(separator: "\n") { Terminal.error.log(String(line)) }
    }

    static func progress(of stage: StageStatus, in status: RunStatus) -> Console.Progress {
        var extras: [String] = []
        if stage.stage == .train, let loss = status.loss { extras.append("loss \(Quantities.significant(loss))") }
        if let score = status.scores.first, score.stage == stage.stage {
            extras.append(score.text(among: status.scores.count))
        }
        if let seconds = status.etaSeconds, stage.unitsDone < stage.unitsTotal,
            stage.stage != status.stages.last?.stage
        {
            extras.append("run ETA \(Quantities.duration(seconds: seconds))")
        }
        return Console.Progress(
            label: stage.stage.title, done: stage.reached, total: stage.total, unit: stage.counted, rate: stage.rate,
            etaSeconds: stage.etaSeconds, extras: extras)
    }
}

extension StageStatus {
    /// What is done or under way: all of it only once the last unit is done.
    var reached: Int { min(done + underWay, unitsDone < unitsTotal ? max(0, total - 1) : total) }
}

extension RunningScore {
    /// The score in few words, and its channel where there are several.
    func text(among channels: Int = 1) -> String {
        let figures = [mean, low, high].map { Quantities.significant($0) }
        return (channels > 1 ? "\(channel.line) " : "") + "\(items)/\(itemsTotal) items: \(contrast) "
            + (mean > 0 ? "+" : "") + "\(figures[0]) [\(figures[1]), \(figures[2])], \(better) better, \(worse) worse"
    }
}

extension Stage {
    /// The stage's name on a terminal, of the width of the longest of the stages that every run may have.
    var title: String { rawValue.padding(toLength: max(10, rawValue.count), withPad: " ", startingAt: 0) }
}
