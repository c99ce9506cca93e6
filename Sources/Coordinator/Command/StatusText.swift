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
        return table(of: workers, WorkerColumn.all).text(width: width)
    }

    /// A line for each worker and two above them, with as many columns as there is room for, the most telling first.
    static func workerLines(_ workers: [WorkerStatus], width: Int) -> [String] {
        var places: [Int] = []
        var table = Table([])
        for place in WorkerColumn.byWorth {
            let more = (places + [place]).sorted()
            let wider = Self.table(of: workers, more.map { WorkerColumn.all[$0] }, nameWidth: max(10, width - 24))
            let isFirst = places.isEmpty
            guard isFirst || wider.text.split(separator: "\n").allSatisfy({ PrintableText.width(String($0)) <= width })
            else { break }
            (places, table) = (more, wider)
        }
        return table.text.split(separator: "\n").map(String.init)
    }

    private static func table(
        of workers: [WorkerStatus], _ columns: [WorkerColumn], nameWidth: Int = .max
    ) -> Table {
        var table = Table(columns.map(\.column))
        for worker in workers {
            let cells = columns.map { $0.cell(worker) }
            table.add([PrintableText.cut(cells[0], to: nameWidth)] + cells.dropFirst())
        }
        return table
    }

    /// What is told of each worker.
    private struct WorkerColumn {
        let column: Table.Column
        let cell: (WorkerStatus) -> String

        init(
            _ title: String, _ alignment: Table.Column.Alignment = .leading, _ cell: @escaping (WorkerStatus) -> String
        ) {
            column = Table.Column(title, alignment)
            self.cell = cell
        }

        static var all: [WorkerColumn] {
            [
                WorkerColumn("worker") { PrintableText.oneLine($0.worker) },
                WorkerColumn("device") { PrintableText.oneLine($0.device) },
                WorkerColumn("state") { $0.state.rawValue },
                WorkerColumn("at work on") { $0.unitText },
                WorkerColumn("units", .trailing) { Quantities.count($0.unitsDone) },
                WorkerColumn("rate", .trailing) { $0.rate.map { Quantities.rate($0, of: "units") } ?? "–" },
                WorkerColumn("memory", .trailing) { $0.memoryBytes.map { Quantities.bytes($0) } ?? "–" },
                WorkerColumn("last heard", .trailing) { Quantities.duration(seconds: $0.lastHeardSeconds) },
                WorkerColumn("in", .trailing) { Quantities.bytes($0.bytesIn) },
                WorkerColumn("out", .trailing) { Quantities.bytes($0.bytesOut) },
            ]
        }

        /// Places of the columns, the most telling first.
        static let byWorth = [0, 2, 7, 5, 3, 4, 6, 1, 8, 9]
    }
}

extension WorkerStatus {
    /// The unit that it has held longest, how far it is, and how many it holds besides.
    fileprivate var unitText: String {
        guard let unit else { return "–" }
        return unit + (unitShare.map { " \(Int(100 * $0)) %" } ?? "") + (leases > 1 ? " and \(leases - 1) more" : "")
    }
}
