/// What a run is doing: what `coordinator status` shows and the progress bars draw.
package struct RunStatus: Codable, Hashable, Sendable {
    /// What the run as a whole is about.
    package enum Phase: String, CaseIterable, Codable, Sendable {
        /// Work is going on, or waits for workers.
        case running
        /// No unit is given out any more; the run ends as soon as what is finished is on disk.
        case stopping
        case done
        case failed
        /// Ended by a signal; the same command goes on.
        case interrupted

        /// Whether nothing comes after it.
        package var isEnd: Bool {
            switch self {
            case .running, .stopping: false
            case .done, .failed, .interrupted: true
            }
        }
    }

    /// The run's digest.
    package var run: String
    package var phase: Phase
    /// Seconds since this coordinator was started.
    package var elapsedSeconds: Double
    /// In the run's order.
    package var stages: [StageStatus]
    /// Mean squared error per element of the last training step.
    package var loss: Double?
    /// Bytes that grants and results of the training put on the wire, all workers together, for each step that this
    /// coordinator has applied; nil before the first.
    package var trainingBytesPerStep: Double?
    package var workers: [WorkerStatus]
    /// Units to which two workers gave different answers, as long as it is not known which is right; bounded.
    package var alarms: [Fault]
    /// What went wrong and what became of it, the latest last; bounded.
    package var faults: [Fault]
    /// Faults altogether, those no longer listed included.
    package var faultCount: Int

    package init(
        run: String, phase: Phase, elapsedSeconds: Double, stages: [StageStatus], loss: Double?,
        trainingBytesPerStep: Double? = nil, workers: [WorkerStatus], alarms: [Fault] = [], faults: [Fault],
        faultCount: Int
    ) {
        self.run = run
        self.phase = phase
        self.elapsedSeconds = elapsedSeconds
        self.stages = stages
        self.loss = loss
        self.trainingBytesPerStep = trainingBytesPerStep
        self.workers = workers
        self.alarms = alarms
        self.faults = faults
        self.faultCount = faultCount
    }
}

package struct StageStatus: Codable, Hashable, Sendable {
    package var stage: Stage
    package var unitsDone: Int
    package var unitsTotal: Int
    /// Seconds of work on this stage in this coordinator's life.
    package var seconds: Double
    /// Units a second in this coordinator's life; nil before the first.
    package var rate: Double?
    /// Seconds to the stage's end at that rate.
    package var etaSeconds: Double?

    package init(
        stage: Stage, unitsDone: Int, unitsTotal: Int, seconds: Double, rate: Double?, etaSeconds: Double?
    ) {
        self.stage = stage
        self.unitsDone = unitsDone
        self.unitsTotal = unitsTotal
        self.seconds = seconds
        self.rate = rate
        self.etaSeconds = etaSeconds
    }
}

package struct WorkerStatus: Codable, Hashable, Sendable {
    package enum State: String, CaseIterable, Codable, Sendable {
        /// Registered; loads its models.
        case loading
        case idle
        case working
        /// Not heard for too long, ended, or gone with a goodbye. Its leases are free.
        case lost
    }

    package var worker: String
    package var host: String
    package var processID: Int32
    package var deviceKind: DeviceKind
    /// As in ``Registration/device``.
    package var device: String
    package var state: State
    package var unitsDone: Int
    package var leases: Int
    /// Units a second since it was ready.
    package var rate: Double?
    /// Seconds since its last message.
    package var lastHeardSeconds: Double
    package var bytesIn: UInt64
    package var bytesOut: UInt64

    package init(
        worker: String, host: String, processID: Int32, deviceKind: DeviceKind, device: String? = nil, state: State,
        unitsDone: Int, leases: Int,
        rate: Double?, lastHeardSeconds: Double, bytesIn: UInt64, bytesOut: UInt64
    ) {
        self.worker = worker
        self.host = host
        self.processID = processID
        self.deviceKind = deviceKind
        self.device = device ?? deviceKind.rawValue
        self.state = state
        self.unitsDone = unitsDone
        self.leases = leases
        self.rate = rate
        self.lastHeardSeconds = lastHeardSeconds
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
    }
}

/// Something that went wrong, and what became of it.
package struct Fault: Codable, Hashable, Sendable {
    /// Seconds since this coordinator was started.
    package var atSeconds: Double
    package var worker: String?
    package var what: String

    package init(atSeconds: Double, worker: String?, what: String) {
        self.atSeconds = atSeconds
        self.worker = worker
        self.what = what
    }
}
