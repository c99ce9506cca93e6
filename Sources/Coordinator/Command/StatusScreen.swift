import CoordinatorHost
import Foundation
import PlainText
import Run

/// `coordinator status --watch` on a terminal: a view to be left open. Pure: it is told statuses and keys, and says what
/// to show.
struct StatusScreen {
    enum Order: String, CaseIterable {
        case arrival = "as they came"
        case pace = "slowest first"
        case silence = "longest silent first"
    }

    private(set) var isPaused = false
    private(set) var hasQuit = false
    private var order = Order.arrival
    /// Losses, the latest last; as many as fit on a line.
    private var losses: [Double] = []
    /// What is drawn: not the latest while it is paused.
    private var drawn: (status: RunStatus, losses: [Double])?

    private static let mostLosses = 512
    private static let sparks = Array("▁▂▃▄▅▆▇█")

    mutating func note(_ status: RunStatus) {
        if let loss = status.loss, loss.isFinite, losses.last != loss {
            losses.append(loss)
            if losses.count > Self.mostLosses {
                losses = losses.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
            }
        }
        if !isPaused { drawn = (status, losses) }
    }

    mutating func press(_ key: Character) {
        switch key {
        case "q": hasQuit = true
        case "p": isPaused.toggle()
        case "w":
            let all = Order.allCases
            order = all[((all.firstIndex(of: order) ?? 0) + 1) % all.count]
        default: break
        }
    }

    func lines(width: Int, height: Int) -> [String] {
        guard let (status, losses) = drawn else { return ["asking…"] }
        var lines = [head(of: status, width: width), ""]
        lines += status.stages.map { stage in
            let progress = ProgressDisplay.progress(of: stage, in: status)
            return progress.bar(width: width)
        }
        if losses.count > 1 { lines += ["", Self.sparkline(losses, width: width)] }
        if !status.scores.isEmpty {
            lines.append("")
            lines += status.scores.prefix(6).map { "\($0.stage.rawValue) \($0.text(among: status.scores.count))" }
        }
        let faults = (status.alarms + status.faults.reversed()).prefix(3).map { fault in
            "\(Quantities.duration(seconds: fault.atSeconds)): "
                + PrintableText.oneLine((fault.worker.map { "\($0) " } ?? "") + fault.what)
        }
        let keys = ["q quit", "p \(isPaused ? "go on" : "pause")", "w \(order.rawValue)"]
        let foot = Self.fitting([keys.joined(separator: "   "), keys.joined(separator: "  ")], width)
        let rest = height - lines.count - (faults.isEmpty ? 0 : faults.count + 2) - 2
        lines += [""] + workers(status.workers, width: width, most: max(0, rest - 3))
        if !faults.isEmpty { lines += ["", "faults: \(status.faultCount)"] + faults }
        let room = max(0, height - 1)
        if lines.count > room { lines = Array(lines.prefix(room)) }
        lines += [String](repeating: "", count: room - lines.count) + [foot]
        return lines.map { PrintableText.cut($0, to: width) }
    }

    /// What is least telling is left out where there is no room for all.
    private func head(of status: RunStatus, width: Int) -> String {
        let phase = [status.phase.rawValue] + (isPaused ? ["paused"] : [])
        let soFar = "\(Quantities.duration(seconds: status.elapsedSeconds)) so far"
        let left = status.etaSeconds.map { ["about \(Quantities.duration(seconds: $0)) to go"] } ?? []
        return Self.fitting(
            [["run \(status.run.prefix(12))"] + phase + [soFar] + left, phase + [soFar] + left, phase + left]
                .map { $0.joined(separator: " · ") }, width)
    }

    /// The first that fits; else the last.
    private static func fitting(_ lines: [String], _ width: Int) -> String {
        lines.first { PrintableText.width($0) <= width } ?? lines[lines.count - 1]
    }

    private static func sparkline(_ losses: [Double], width: Int) -> String {
        let head = "loss "
        let tail = " " + Quantities.significant(losses.last ?? 0)
        let cells = max(1, min(losses.count, width - head.count - tail.count))
        let shown = (0..<cells).map { losses[$0 * losses.count / cells] }
        let (low, high) = (shown.min() ?? 0, shown.max() ?? 0)
        let line = shown.map { loss in
            sparks[high > low ? Int((loss - low) / (high - low) * 7.999) : 0]
        }
        return head + String(line) + tail
    }

    private func workers(_ workers: [WorkerStatus], width: Int, most: Int) -> [String] {
        guard !workers.isEmpty else { return ["no worker has come yet"] }
        let sorted =
            switch order {
            case .arrival: workers
            case .pace: workers.sorted { ($0.rate ?? 0, $0.worker) < ($1.rate ?? 0, $1.worker) }
            case .silence:
                workers.sorted { ($1.lastHeardSeconds, $0.worker) < ($0.lastHeardSeconds, $1.worker) }
            }
        let shown = StatusText.workerLines(Array(sorted.prefix(most)), width: width)
        return shown + (workers.count > most ? ["and \(workers.count - most) more"] : [])
    }
}
