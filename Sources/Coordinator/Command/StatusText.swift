import PlainText
import Run

/// A run's status as text.
enum StatusText {
    static func text(of status: RunStatus) -> String {
        var parts = [
            "run \(status.run.prefix(12)): \(status.phase.rawValue), "
                + "\(Quantities.duration(seconds: status.elapsedSeconds)) so far"
                + (status.loss.map { ", loss \(Quantities.significant($0))" } ?? "")
                + (status.trainingBytesPerStep.map { ", \(Quantities.bytes(UInt64($0))) a training step" } ?? ""),
            stages(status), workers(status.workers),
        ]
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

    private static func stages(_ status: RunStatus) -> String {
        var table = Table([
            .init("stage"), .init("done", .trailing), .init("total", .trailing), .init("rate", .trailing),
            .init("ETA", .trailing),
        ])
        for stage in status.stages {
            table.add([
                stage.stage.rawValue, Quantities.count(stage.unitsDone), Quantities.count(stage.unitsTotal),
                stage.rate.map { Quantities.rate($0, of: status.unit(of: stage.stage)) } ?? "–",
                stage.etaSeconds.map { Quantities.duration(seconds: $0) } ?? "–",
            ])
        }
        return table.text
    }

    private static func workers(_ workers: [WorkerStatus]) -> String {
        guard !workers.isEmpty else { return "no worker has come yet" }
        var table = Table([
            .init("worker"), .init("device"), .init("state"), .init("units", .trailing), .init("rate", .trailing),
            .init("leases", .trailing), .init("last heard", .trailing), .init("in", .trailing), .init("out", .trailing),
        ])
        for worker in workers {
            table.add([
                PrintableText.oneLine(worker.worker), PrintableText.oneLine(worker.deviceKind.rawValue),
                worker.state.rawValue,
                Quantities.count(worker.unitsDone), worker.rate.map { Quantities.rate($0, of: "units") } ?? "–",
                Quantities.count(worker.leases), Quantities.duration(seconds: worker.lastHeardSeconds),
                Quantities.bytes(worker.bytesIn), Quantities.bytes(worker.bytesOut),
            ])
        }
        return table.text
    }
}
