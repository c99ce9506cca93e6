package import Foundation
package import Run

/// Whatever depends on the moment: times, rates, hosts, workers, bytes, faults, and where models and files lay. The
/// sessions of a run, which is interrupted and goes on, add up.
package struct TimingReport: Codable, Hashable, Sendable {
    package static let name = "timing.json"

    package var run: String
    /// How far the latest session was, and when.
    package var phase: RunStatus.Phase
    package var updatedAt: String
    /// Of all sessions.
    package private(set) var elapsedSeconds = 0.0
    package private(set) var stages: [StageTiming] = []
    /// What workers spent on answers, of all sessions; nil in files of versions that did not tell.
    package private(set) var conditions: [ConditionTiming]?
    package private(set) var faultCount = 0
    /// Of the latest session that trained by steps.
    package private(set) var trainingBytesPerStep: Double?
    package private(set) var sessionCount = 0
    /// The latest of the sessions, of their workers and of their faults.
    package private(set) var sessions: [Session] = []
    package private(set) var workers: [WorkerTiming] = []
    package private(set) var faults: [FaultTiming] = []

    private static let sessionLimit = 100
    private static let lineLimit = 1000
    package static let byteLimit = 16 << 20

    package struct Session: Codable, Hashable, Sendable {
        package var number: Int
        package var began: String
        package var seconds: Double
        package var phase: RunStatus.Phase
        package var software: String
        package var making: Making
    }

    /// Who made a session of what.
    package struct Making: Codable, Hashable, Sendable {
        package var command: [String]
        package var host: String
        /// Of models, data files and output.
        package var paths: [Place]

        package struct Place: Codable, Hashable, Sendable {
            /// That named it, without the dashes.
            package var flag: String
            /// Absolute.
            package var path: String

            package init(flag: String, path: String) {
                self.flag = flag
                self.path = path
            }
        }

        package init(command: [String], host: String, paths: [Place]) {
            self.command = command
            self.host = host
            self.paths = paths
        }
    }

    package struct StageTiming: Codable, Hashable, Sendable {
        package var stage: Stage
        package var unitsDone: Int
        package var unitsTotal: Int
        /// Of all sessions.
        package var seconds: Double
        package var unitsPerSecond: Double?
    }

    /// Of the answers to a task's items under a condition over a channel, those whose workers told.
    package struct ConditionTiming: Codable, Hashable, Sendable {
        package var stage: Stage
        package var channel: Channel
        package var condition: String
        package var answers: Int
        /// Of workers, all together.
        package var seconds: Double

        package init(stage: Stage, channel: Channel, condition: String, answers: Int, seconds: Double) {
            self.stage = stage
            self.channel = channel
            self.condition = condition
            self.answers = answers
            self.seconds = seconds
        }
    }

    package struct WorkerTiming: Codable, Hashable, Sendable {
        package var session: Int
        package var worker: String
        package var host: String
        package var processId: Int32
        package var deviceKind: DeviceKind
        package var state: WorkerStatus.State
        package var unitsDone: Int
        package var unitsPerSecond: Double?
        package var bytesIn: UInt64
        package var bytesOut: UInt64
    }

    package struct FaultTiming: Codable, Hashable, Sendable {
        package var session: Int
        package var atSeconds: Double
        package var worker: String?
        package var what: String
    }

    /// The sessions before, and one more as far as it has come.
    /// - Parameters:
    ///   - earlier: nil for the first.
    ///   - status: the session's.
    ///   - conditions: what workers spent on answers in the session.
    ///   - began: when it began.
    ///   - software: the program's version.
    package init(
        after earlier: TimingReport?, status: RunStatus, conditions: [ConditionTiming] = [], began: Date, now: Date,
        software: String, making: Making
    ) {
        run = status.run
        phase = status.phase
        updatedAt = Self.text(now)
        sessionCount = (earlier?.sessionCount ?? 0) + 1
        elapsedSeconds = (earlier?.elapsedSeconds ?? 0) + status.elapsedSeconds
        faultCount = (earlier?.faultCount ?? 0) + status.faultCount
        trainingBytesPerStep = status.trainingBytesPerStep ?? earlier?.trainingBytesPerStep
        let before = Dictionary(
            (earlier?.stages ?? []).map { ($0.stage, $0.seconds) }, uniquingKeysWith: { first, _ in first })
        stages = status.stages.map { StageTiming($0, secondsBefore: before[$0.stage] ?? 0) }
        self.conditions = Self.added(conditions, to: earlier?.conditions ?? [])
        let number = sessionCount
        let session = Session(
            number: number, began: Self.text(began), seconds: status.elapsedSeconds, phase: status.phase,
            software: software, making: making)
        sessions = Array(((earlier?.sessions ?? []) + [session]).suffix(Self.sessionLimit))
        workers = Array(
            ((earlier?.workers ?? []) + status.workers.map { WorkerTiming($0, session: number) })
                .suffix(Self.lineLimit))
        faults = Array(
            ((earlier?.faults ?? []) + status.faults.map { FaultTiming($0, session: number) }).suffix(Self.lineLimit))
    }

    private static func added(_ timings: [ConditionTiming], to earlier: [ConditionTiming]) -> [ConditionTiming] {
        var sums = earlier
        for timing in timings {
            guard let place = sums.firstIndex(where: { $0.isAsked(as: timing) }) else {
                sums.append(timing)
                continue
            }
            sums[place].answers += timing.answers
            sums[place].seconds += timing.seconds
        }
        return sums
    }

    private static func text(_ date: Date) -> String { ISO8601DateFormatter().string(from: date) }
}

extension TimingReport.StageTiming {
    fileprivate init(_ status: StageStatus, secondsBefore: Double) {
        let seconds = secondsBefore + status.seconds
        self.init(
            stage: status.stage, unitsDone: status.unitsDone, unitsTotal: status.unitsTotal, seconds: seconds,
            unitsPerSecond: seconds > 0 && status.unitsDone > 0 ? Double(status.unitsDone) / seconds : nil)
    }
}

extension TimingReport.ConditionTiming {
    fileprivate func isAsked(as other: Self) -> Bool {
        (stage, channel, condition) == (other.stage, other.channel, other.condition)
    }
}

extension TimingReport.WorkerTiming {
    fileprivate init(_ status: WorkerStatus, session: Int) {
        self.init(
            session: session, worker: status.worker, host: status.host, processId: status.processID,
            deviceKind: status.deviceKind, state: status.state, unitsDone: status.unitsDone,
            unitsPerSecond: status.rate, bytesIn: status.bytesIn, bytesOut: status.bytesOut)
    }
}

extension TimingReport.FaultTiming {
    fileprivate init(_ fault: Fault, session: Int) {
        self.init(session: session, atSeconds: fault.atSeconds, worker: fault.worker, what: fault.what)
    }
}

extension TimingReport {
    /// Reads what ``bytes`` wrote.
    package init(_ bytes: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(Self.self, from: bytes)
    }

    /// `timing.json`.
    package var bytes: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self) + Data("\n".utf8)
        }
    }
}
