import JSON
package import Run

/// Whatever depends on the moment: times, rates, hosts, workers, bytes, faults.
package struct TimingReport: Sendable {
    /// The state at the run's end.
    package var status: RunStatus
    /// When the run ended, ISO 8601 in UTC.
    package var finishedAt: String
    /// More figures, such as the seconds of a part, in the order in which they are shown.
    package var figures: [(name: String, value: Double)]

    package init(status: RunStatus, finishedAt: String, figures: [(name: String, value: Double)] = []) {
        self.status = status
        self.finishedAt = finishedAt
        self.figures = figures
    }

    /// `timing.json`.
    package var file: ReportFile {
        let json = JSONValue.members(
            ("run", .string(status.run)),
            ("phase", .string(status.phase.rawValue)),
            ("finished_at", .string(finishedAt)),
            ("elapsed_seconds", .number(status.elapsedSeconds)),
            ("figures", .object(figures.map { .init(name: $0.name, value: .number($0.value)) })),
            ("stages", .array(status.stages.map(Self.json))),
            ("workers", .array(status.workers.map(Self.json))),
            ("training_bytes_per_step", .optional(status.trainingBytesPerStep)),
            ("fault_count", .count(status.faultCount)),
            ("faults", .array(status.faults.map(Self.json))))
        return ReportFile("timing.json", json.pretty + "\n")
    }

    private static func json(_ stage: StageStatus) -> JSONValue {
        .members(
            ("stage", .string(stage.stage.rawValue)),
            ("units_done", .count(stage.unitsDone)),
            ("units_total", .count(stage.unitsTotal)),
            ("seconds", .number(stage.seconds)),
            ("units_per_second", .optional(stage.rate)))
    }

    private static func json(_ worker: WorkerStatus) -> JSONValue {
        .members(
            ("worker", .string(worker.worker)),
            ("host", .string(worker.host)),
            ("process_id", .integer(Int64(worker.processID))),
            ("device_kind", .string(worker.deviceKind.rawValue)),
            ("state", .string(worker.state.rawValue)),
            ("units_done", .count(worker.unitsDone)),
            ("units_per_second", .optional(worker.rate)),
            ("bytes_in", .integer(worker.bytesIn)),
            ("bytes_out", .integer(worker.bytesOut)))
    }

    private static func json(_ fault: Fault) -> JSONValue {
        .members(
            ("at_seconds", .number(fault.atSeconds)),
            ("worker", fault.worker.map(JSONValue.string) ?? .null),
            ("what", .string(fault.what)))
    }
}
