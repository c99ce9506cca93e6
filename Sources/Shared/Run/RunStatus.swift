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
    /// Seconds to the run's end, from what the latest minutes and the stages before say of those to come; nil where
    /// they say nothing of one of them.
    package var etaSeconds: Double?
    /// In the run's order.
    package var stages: [StageStatus]
    /// What the answers so far are worth, of the task at work, or else of the last that was: for each channel.
    package var scores: [RunningScore]
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
        run: String, phase: Phase, elapsedSeconds: Double, etaSeconds: Double? = nil, stages: [StageStatus],
        scores: [RunningScore] = [], loss: Double?, trainingBytesPerStep: Double? = nil, workers: [WorkerStatus],
        alarms: [Fault] = [], faults: [Fault], faultCount: Int
    ) {
        self.run = run
        self.phase = phase
        self.elapsedSeconds = elapsedSeconds
        self.etaSeconds = etaSeconds
        self.stages = stages
        self.scores = scores
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
    /// What people count: texts, steps, answers and the like.
    package var counted: String
    /// So many of them are in units that are done.
    package var done: Int
    /// So many in units at work are, by what workers say of them.
    package var underWay: Int
    package var total: Int
    /// Seconds of work on this stage in this coordinator's life.
    package var seconds: Double
    /// Of what is counted, a second: in the latest minutes of the stage at work, in all of this coordinator's life of one
    /// that is done; nil before the first.
    package var rate: Double?
    /// Seconds to the stage's end at that rate.
    package var etaSeconds: Double?

    /// Of a stage of which nobody counts anything but units, where `counted`, `done` and `total` are left out.
    package init(
        stage: Stage, unitsDone: Int, unitsTotal: Int, counted: String = "units", done: Int? = nil, underWay: Int = 0,
        total: Int? = nil, seconds: Double, rate: Double?, etaSeconds: Double?
    ) {
        self.stage = stage
        self.unitsDone = unitsDone
        self.unitsTotal = unitsTotal
        self.counted = counted
        self.done = done ?? unitsDone
        self.underWay = underWay
        self.total = total ?? unitsTotal
        self.seconds = seconds
        self.rate = rate
        self.etaSeconds = etaSeconds
    }
}

/// What a task's answers so far say of the message: a contrast on the metric that the verdict will be about.
package struct RunningScore: Codable, Hashable, Sendable {
    package var stage: Stage
    package var channel: Channel
    /// Items that have all answers it takes.
    package var items: Int
    package var itemsTotal: Int
    /// The contrast's and the metric's name, as in `results.json`.
    package var contrast: String
    package var metric: String
    /// Of the difference; in percentage points where the metric is a share.
    package var mean: Double
    /// 95 %, item by item; items that stand together are taken for independent until the report.
    package var low: Double
    package var high: Double
    /// Items on which the contrast's first condition is the better, or the worse.
    package var better: Int
    package var worse: Int
    /// What the contrast's two conditions come to, in percentage points where the metric is a share.
    package var conditions: [ConditionMean]

    /// A condition's mean so far, with its 95 % interval.
    package struct ConditionMean: Codable, Hashable, Sendable {
        package var condition: String
        package var mean: Double
        package var low: Double
        package var high: Double

        package init(condition: String, mean: Double, low: Double, high: Double) {
            self.condition = condition
            self.mean = mean
            self.low = low
            self.high = high
        }
    }

    package init(
        stage: Stage, channel: Channel, items: Int, itemsTotal: Int, contrast: String, metric: String, mean: Double,
        low: Double, high: Double, better: Int, worse: Int, conditions: [ConditionMean] = []
    ) {
        self.stage = stage
        self.channel = channel
        self.items = items
        self.itemsTotal = itemsTotal
        self.contrast = contrast
        self.metric = metric
        self.mean = mean
        self.low = low
        self.high = high
        self.better = better
        self.worse = worse
        self.conditions = conditions
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
    /// The unit that it has held longest, as `squad/12`, and how much of it is done by what it says, 0 to 1.
    package var unit: String?
    package var unitShare: Double?
    /// Memory that its process holds, by what it says.
    package var memoryBytes: UInt64?
    /// Units a second since it was ready.
    package var rate: Double?
    /// Seconds since its last message.
    package var lastHeardSeconds: Double
    package var bytesIn: UInt64
    package var bytesOut: UInt64

    package init(
        worker: String, host: String, processID: Int32, deviceKind: DeviceKind, device: String? = nil, state: State,
        unitsDone: Int, leases: Int, unit: String? = nil, unitShare: Double? = nil, memoryBytes: UInt64? = nil,
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
        self.unit = unit
        self.unitShare = unitShare
        self.memoryBytes = memoryBytes
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
