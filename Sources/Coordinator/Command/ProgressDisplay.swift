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
                    progress(of: stage, in: status), width: Terminal.error.width, atSeconds: status.elapsedSeconds))
            if isCurrent { return }
            stagesShown.insert(stage.stage)
        }
    }

    /// Shows what is drawn; where nobody watches it is lines of a log.
    private static func say(_ text: String) {
        if Terminal.error.isInteractive { return Terminal.error.write(text) }
        for line in text.split(separator: "\n") { Terminal.error.log(String(line)) }
    }

    private func progress(of stage: StageStatus, in status: RunStatus) -> Console.Progress {
        Console.Progress(
            label: stage.stage.title, done: stage.unitsDone, total: stage.unitsTotal,
            unit: status.unit(of: stage.stage), rate: stage.rate, etaSeconds: stage.etaSeconds,
            extra: stage.stage == .train ? status.loss.map { "loss \(Quantities.significant($0))" } ?? "" : "")
    }
}

extension RunStatus {
    /// What a stage's progress is counted in. As soon as a step has been taken there is a loss; where W is trained by
    /// its rows there are no steps.
    func unit(of stage: Stage) -> String { stage == .train && loss != nil ? "steps" : "units" }
}

extension Stage {
    /// The stage's name on a terminal, of the width of the longest of the stages that every run may have.
    var title: String { rawValue.padding(toLength: max(10, rawValue.count), withPad: " ", startingAt: 0) }
}
