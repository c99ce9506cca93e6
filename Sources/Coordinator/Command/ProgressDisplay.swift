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

    /// Follows the run until the task is cancelled.
    /// - Parameter listening: whether workers may come from elsewhere.
    func follow(_ host: RunServer, listening: Bool) async {
        var display = self
        while !Task.isCancelled {
            display.show(await host.status(), listening: listening)
            try? await Task.sleep(for: .milliseconds(Terminal.error.isInteractive ? 100 : 1000))
        }
        display.show(await host.status(), listening: listening)
        Terminal.error.write(display.bar.finish())
    }

    private mutating func show(_ status: RunStatus, listening: Bool) {
        let fresh = min(status.faultCount - faultsShown, status.faults.count)
        for fault in status.faults.suffix(max(0, fresh)) {
            Terminal.error.write(bar.message("note: " + (fault.worker.map { "worker \($0) " } ?? "") + fault.what))
        }
        faultsShown = status.faultCount
        for alarm in status.alarms where alarmsShown.insert(alarm.what).inserted {
            Terminal.error.write(bar.message("note: \(alarm.what)"))
        }
        if listening, !warnedOfNobody, status.phase == .running, status.elapsedSeconds > 10,
            status.workers.allSatisfy({ $0.state == .lost })
        {
            warnedOfNobody = true
            Terminal.error.write(bar.message("note: no worker has come yet; the run waits"))
        }
        for stage in status.stages {
            let isCurrent = stage.unitsDone < stage.unitsTotal
            if !isCurrent, stagesShown.contains(stage.stage) { continue }
            Terminal.error.write(
                bar.update(
                    progress(of: stage, in: status), width: Terminal.error.width, atSeconds: status.elapsedSeconds))
            if isCurrent { return }
            stagesShown.insert(stage.stage)
        }
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
