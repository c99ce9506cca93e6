import PlainText
import Run

/// A run's status as text.
enum StatusText {
    /// - Parameter width: columns of the terminal.
    static func text(of status: RunStatus, width: Int) -> String {
        var parts = [
            "run \(status.run.prefix(12)): \(status.phase.rawValue), "
                + "\(Quantities.duration(seconds: status.elapsedSeconds)) so far"
                + (status.etaSeconds.map { ", about \(Quantities.duration(seconds: $0)) to go" } ?? "")
                + (status.loss.map { ", loss \(Quantities.significant($0))" } ?? "")
                + (status.trainingBytesPerStep.map { ", \(Quantities.bytes(UInt64($0))) a training step" } ?? ""),
            stages(status, width), workers(status.workers, width),
        ]
        if !status.scores.isEmpty {
            let shown = status.scores.map { "  \($0.stage.rawValue) \($0.text(among: status.scores.count))" }
            parts.insert((["so far:"] + shown).joined(separator: "\n"), at: 2)
        }
        if !status.alarms.isEmpty {
            let shown = status.alarms.map { "  " + PrintableText.oneLine($0.what) }
            parts.append((["alarms: \(status.alarms.count)"] + shown).joined(separator: "\n"))
        }
        if status.faultCount > 0 {
            let shown = status.faults.suffix(10).map { fault in
                "  \(Quantities.duration(seconds: fault.atSeconds)): "
                    + PrintableText.oneLine((fault.worker.map { "\($0) " } ?? "") + fault.what)
            }
            parts.append((["faults: \(status.faultCount)"] + shown).joined(separator: "\n"))
        }
        return parts.joined(separator: "\n\n")
    }

    private static func stages(_ status: RunStatus, _ width: Int) -> String {
        var table = Table([
            .init("stage"), .init("done", .trailing), .init("total", .trailing), .init("of what"),
            .init("rate", .trailing), .init("ETA", .trailing),
        ])
        for stage in status.stages {
            table.add([
                stage.stage.rawValue, Quantities.count(stage.reached), Quantities.count(stage.total), stage.counted,
                stage.rate.map { Quantities.rate($0, of: stage.counted) } ?? "–",
                stage.etaSeconds.map { Quantities.duration(seconds: $0) } ?? "–",
            ])
        }
        return table.text(width: width)
    }

    static func workers(_ workers: [WorkerStatus], _ width: Int) -> String {
        guard !workers.isEmpty else { return "no worker has come yet" }
        var table = Table([
            .init("worker"), .init("device"), .init("state"), .init("at work on"), .init("units", .trailing),
            .init("rate", .trailing),
            .init("memory", .trailing), .init("last heard", .trailing), .init("in", .trailing), .init("out", .trailing),
        ])
        for worker in workers {
            table.add([
                PrintableText.oneLine(worker.worker), PrintableText.oneLine(worker.device),
                worker.state.rawValue, worker.unitText,
                Quantities.count(worker.unitsDone), worker.rate.map { Quantities.rate($0, of: "units") } ?? "–",
                worker.memoryBytes.map { Quantities.bytes($0) } ?? "–",
                Quantities.duration(seconds: worker.lastHeardSeconds),
                Quantities.bytes(worker.bytesIn), Quantities.bytes(worker.bytesOut),
            ])
        }
        return table.text(width: width)
    }
}

extension WorkerStatus {
    /// The unit that it has held longest, how far it is, and how many it holds besides.
    fileprivate var unitText: String {
        guard let unit else { return "–" }
        return unit + (unitShare.map { " \(Int(100 * $0)) %" } ?? "") + (leases > 1 ? " and \(leases - 1) more" : "")
    }
}
