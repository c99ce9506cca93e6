import Run

/// A run's state as monitoring reads it: OpenMetrics 1.0 text, names and units as its conventions ask.
enum OpenMetrics {
    static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    static func text(of shown: ShownStatus, watched: (viewers: Int, dropped: Int)) -> String {
        let status = shown.status
        var page = Exposition()
        page.add("activation_run", .info, "What runs.", [(["run": status.run], 1)])
        page.add(
            "activation_run_phase", .stateset, "What the run as a whole is about.",
            RunStatus.Phase.allCases.map { (["activation_run_phase": $0.rawValue], $0 == status.phase ? 1 : 0) })
        page.add("activation_run_elapsed_seconds", .gauge, "Since this coordinator was started.", status.elapsedSeconds)
        page.add("activation_run_remaining_seconds", .gauge, "To the run's end, about.", status.etaSeconds)
        func stages(_ value: (StageStatus) -> Double?) -> [(labels: [String: String], value: Double)] {
            status.stages.compactMap { stage in
                value(stage).map { (["stage": stage.stage.rawValue, "counted": stage.counted], $0) }
            }
        }
        page.add(
            "activation_stage_size", .gauge, "What there is to do in a stage, in what is counted.",
            stages { Double($0.total) })
        page.add(
            "activation_stage_done", .gauge, "What is done of it; it goes back where an answer turns out to be wrong.",
            stages { Double($0.done) })
        page.add("activation_stage_under_way", .gauge, "What units at work are.", stages { Double($0.underWay) })
        page.add(
            "activation_stage_rate", .gauge, "Of what is counted, a second, in the latest minutes.", stages(\.rate))
        page.add("activation_stage_remaining_seconds", .gauge, "To the stage's end.", stages(\.etaSeconds))
        page.add("activation_training_loss", .gauge, "Of the last training step.", status.loss)
        page.add(
            "activation_training_step_bytes", .gauge, "What a training step puts on the wire.",
            status.trainingBytesPerStep)
        func scores(_ value: (RunningScore) -> Double) -> [(labels: [String: String], value: Double)] {
            status.scores.map { score in
                (
                    [
                        "stage": score.stage.rawValue, "channel": "\(score.channel)",
                        "contrast": score.contrast, "metric": score.metric,
                    ], value(score)
                )
            }
        }
        page.add("activation_score", .gauge, "What the answers so far say of the message.", scores(\.mean))
        page.add("activation_score_low", .gauge, "The lower end of its 95 % interval.", scores(\.low))
        page.add("activation_score_high", .gauge, "The upper end of its 95 % interval.", scores(\.high))
        page.add("activation_score_items", .gauge, "Items that it rests on.", scores { Double($0.items) })
        workers(shown, &page)
        page.add("activation_faults", .counter, "What went wrong.", Double(status.faultCount))
        page.add(
            "activation_alarms", .gauge, "Units to which two workers gave different answers.",
            Double(status.alarms.count))
        page.add("activation_page_viewers", .gauge, "Who looks at the page.", Double(watched.viewers))
        page.add(
            "activation_page_viewers_dropped", .counter, "Who was hung up on, because they did not read.",
            Double(watched.dropped))
        return page.text + "# EOF\n"
    }

    private static func workers(_ shown: ShownStatus, _ page: inout Exposition) {
        func each(_ value: (WorkerStatus) -> Double?) -> [(labels: [String: String], value: Double)] {
            shown.status.workers.compactMap { worker in value(worker).map { (["worker": worker.worker], $0) } }
        }
        page.add(
            "activation_workers", .gauge, "Workers by what they do.",
            WorkerStatus.State.allCases.map { state in
                (["state": state.rawValue], Double(shown.workers[state] ?? 0))
            })
        page.add("activation_worker_units", .counter, "Units that a worker has done.", each { Double($0.unitsDone) })
        page.add("activation_worker_silence_seconds", .gauge, "Since its last message.", each(\.lastHeardSeconds))
        page.add(
            "activation_worker_memory_bytes", .gauge, "That its process holds.",
            each { $0.memoryBytes.map(Double.init) })
        page.add("activation_worker_received_bytes", .counter, "That it sent.", each { Double($0.bytesIn) })
        page.add("activation_worker_sent_bytes", .counter, "That it was sent.", each { Double($0.bytesOut) })
    }
}

/// Metrics as text: each with its type, its unit where its name ends in one, and what it is.
private struct Exposition {
    enum Kind: String {
        case gauge, counter, info, stateset

        var suffix: String {
            switch self {
            case .gauge, .stateset: ""
            case .counter: "_total"
            case .info: "_info"
            }
        }
    }

    private(set) var text = ""

    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        add(name, kind, help, value.map { [([:], $0)] } ?? [])
    }

    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: [String: String], value: Double)]
    ) {
        text += "# TYPE \(name) \(kind.rawValue)\n"
        if let unit = ["seconds", "bytes"].first(where: { name.hasSuffix("_\($0)") }) {
            text += "# UNIT \(name) \(unit)\n"
        }
        text += "# HELP \(name) \(help)\n"
        for (labels, value) in samples {
            let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }
            text += name + kind.suffix + (pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}")
            text += " \(Self.number(value))\n"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n", "\r\n": escaped += "\\n"
            default: escaped.append(character)
            }
        }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }
}
