/// The version of the protocol between coordinator and worker. A worker of another version is refused.
package let protocolVersion: UInt32 = 2

/// Limits on what one message may hold; a message beyond them is malformed.
package enum MessageLimits {
    /// Bytes of any one text or name.
    package static let textBytes = 4 << 20
    /// Bytes of a worker's name, host, device kind and the like: what a coordinator keeps of each worker.
    package static let nameBytes = 1024
    /// Items, texts, rows, leases of one message.
    package static let elements = 65_536
    /// Bytes of one tensor frame.
    package static let tensorBytes = 1 << 30
    /// Frames of one message.
    package static let frames = 64
}

/// Names one grant of a unit to one worker. Never used twice within a coordinator's life.
package struct LeaseID: Hashable, Sendable, Comparable {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package static func < (a: LeaseID, b: LeaseID) -> Bool { a.value < b.value }
}

/// What workers say.
package enum WorkerMessage: Hashable, Sendable {
    /// The first message on a connection.
    case register(Registration)
    /// The models that ``Welcome`` named are loaded.
    case ready(Readiness)
    /// Sent when nothing else was for a second. Names the leases that the worker holds.
    case heartbeat([LeaseID])
    case result(run: String, lease: LeaseID, unit: UnitID, result: UnitResult)
    /// A unit cannot be done.
    case failure(lease: LeaseID, unit: UnitID, cause: String)
    /// The worker does not hold the W or the rows that the unit was thought to find there: it is to be given again
    /// with all that it needs.
    case unprepared(lease: LeaseID, unit: UnitID, cause: String)
    /// The worker leaves; its leases are free again at once.
    case goodbye(reason: String)
}

/// Who a worker is.
package struct Registration: Hashable, Sendable {
    package var protocolVersion: UInt32
    /// The product's version, for messages.
    package var softwareVersion: String
    /// Unique among workers that live at the same time: host, process id and a random part.
    package var worker: String
    package var host: String
    package var processID: Int32
    /// The kind of device: what a result's bits depend on besides the run's inputs.
    package var deviceKind: String
    /// The run that the worker took part in before it lost its coordinator, if it did.
    package var run: String?
    /// Leases of that run which the worker still works on.
    package var leases: [LeaseID]

    package init(
        protocolVersion: UInt32 = Run.protocolVersion, softwareVersion: String, worker: String, host: String,
        processID: Int32, deviceKind: String, run: String? = nil, leases: [LeaseID] = []
    ) {
        self.protocolVersion = protocolVersion
        self.softwareVersion = softwareVersion
        self.worker = worker
        self.host = host
        self.processID = processID
        self.deviceKind = deviceKind
        self.run = run
        self.leases = leases
    }
}

/// What the worker found in the folders it was told to load.
package struct Readiness: Hashable, Sendable {
    /// Fingerprints of the two model folders, hexadecimal SHA-256; of their chat templates too where the run uses them.
    package var fingerprintA: String
    package var fingerprintB: String
    /// Units that the worker wants to hold at a time, the one it works on included.
    package var capacity: Int

    package init(fingerprintA: String, fingerprintB: String, capacity: Int) {
        self.fingerprintA = fingerprintA
        self.fingerprintB = fingerprintB
        self.capacity = capacity
    }
}

/// What the coordinator says.
package enum CoordinatorMessage: Hashable, Sendable {
    case welcome(Welcome)
    /// The worker cannot take part; it ends with this reason.
    case refusal(reason: String)
    /// Activations for units that are granted later.
    case activations(ActivationPart)
    case grant(Grant)
    /// Answers a heartbeat.
    case heartbeat
    /// The run is over for this worker; it ends.
    case finished(reason: String)
}

/// What a worker needs to know of the run.
package struct Welcome: Hashable, Sendable {
    /// The run's digest: configuration, models and data.
    package var run: String
    package var modelA: String
    package var modelB: String
    package var layerK: Int
    package var layerJ: Int
    package var operation: InjectionOperation
    package var computePrecision: ComputeType
    /// Whether prompts are put into each model's own chat template.
    package var chat: Bool
    package var seed: UInt64
    package var heartbeatSeconds: Double
    /// A coordinator not heard for so long is taken for lost.
    package var silenceSeconds: Double

    package init(
        run: String, modelA: String, modelB: String, layerK: Int, layerJ: Int, operation: InjectionOperation,
        computePrecision: ComputeType, chat: Bool = false, seed: UInt64, heartbeatSeconds: Double,
        silenceSeconds: Double
    ) {
        self.run = run
        self.modelA = modelA
        self.modelB = modelB
        self.layerK = layerK
        self.layerJ = layerJ
        self.operation = operation
        self.computePrecision = computePrecision
        self.chat = chat
        self.seed = seed
        self.heartbeatSeconds = heartbeatSeconds
        self.silenceSeconds = silenceSeconds
    }
}

/// A unit given to a worker, with what it needs and does not hold yet.
package struct Grant: Hashable, Sendable {
    package var lease: LeaseID
    package var id: UnitID
    package var unit: WorkUnit
    /// W, [d_B, d_A], where the worker's copy is missing or old. It serves all later units until the next one.
    package var projection: FloatMatrix?
    /// Rows of activations that the unit reads and the worker does not hold.
    package var rows: ActivationRows?

    /// The version of W that the unit is computed with: the number of steps it has taken. Nil where it needs none.
    package var version: Int?
    /// Adam's moments of ``projection``, each [d_B, d_A], where the worker is to take the next steps itself. Before
    /// the first step they are zero and do not travel.
    package var moments: Moments?
    /// Rows of A's activations that ``updates`` read and the worker does not hold.
    package var rowsOfA: RowsOfA?
    /// Steps that the worker takes from its own W to ``version``, in place of ``projection``.
    package var updates: [StepUpdate] = []
    /// Of W as the unit needs it, after ``updates``.
    package var checksum: UInt64?
    /// How the worker draws W before the first step, in place of ``projection``.
    package var initial: InitialProjection?
    /// Where W lies in memory of the worker's own machine, in place of ``projection``. It serves later units in the
    /// versions that they ask for.
    package var shared: SharedProjection?
    /// Rows of B's activations that the unit reads, of which the worker holds A's.
    package var rowsOfB: RowsOfB?
    /// Shards of the same step that are given with this one, and are best computed together with it.
    package var companions: [Companion] = []
    /// B's activations of all texts, the columns of a ``TrainRowsUnit``'s block: [texts, outputs].
    package var targets: FloatMatrix?

    package init(
        lease: LeaseID, id: UnitID, unit: WorkUnit, projection: FloatMatrix? = nil, rows: ActivationRows? = nil,
        version: Int? = nil
    ) {
        self.lease = lease
        self.id = id
        self.unit = unit
        self.projection = projection
        self.rows = rows
        self.version = version
    }
}

/// A's activations of consecutive rows: what many units read, in parts of bounded size.
package struct ActivationPart: Hashable, Sendable {
    package var firstRow: Int
    /// [rows, d_A]
    package var a: FloatMatrix

    package init(firstRow: Int, a: FloatMatrix) {
        self.firstRow = firstRow
        self.a = a
    }
}

/// Adam's two moments of a W, each [d_B, d_A].
package struct Moments: Hashable, Sendable {
    package var first: FloatMatrix
    package var second: FloatMatrix

    package init(first: FloatMatrix, second: FloatMatrix) {
        self.first = first
        self.second = second
    }
}

/// Some rows of A's activations.
package struct RowsOfA: Hashable, Sendable {
    package var indices: [Int]
    /// [indices, d_A]
    package var a: FloatMatrix

    package init(indices: [Int], a: FloatMatrix) {
        self.indices = indices
        self.a = a
    }
}

/// Some rows of B's activations.
package struct RowsOfB: Hashable, Sendable {
    package var indices: [Int]
    /// [indices, d_B]
    package var b: FloatMatrix

    package init(indices: [Int], b: FloatMatrix) {
        self.indices = indices
        self.b = b
    }
}

/// A unit that is given to a worker together with another of the same step. What it needs has come with that one.
package struct Companion: Hashable, Sendable {
    package var lease: LeaseID
    package var id: UnitID
    package var unit: TrainUnit

    package init(lease: LeaseID, id: UnitID, unit: TrainUnit) {
        self.lease = lease
        self.id = id
        self.unit = unit
    }
}

/// W before the first step, as whoever reads this draws it: some bytes instead of the matrix.
package struct InitialProjection: Hashable, Sendable {
    package var initialization: ProjectionInitialization
    package var seed: UInt64
    package var dimensionA: Int
    package var dimensionB: Int

    package init(initialization: ProjectionInitialization, seed: UInt64, dimensionA: Int, dimensionB: Int) {
        self.initialization = initialization
        self.seed = seed
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
    }
}

/// Names W in the memory of a coordinator, for workers of the same user on the same machine.
package struct SharedProjection: Hashable, Sendable {
    /// The coordinator's process, and the descriptor that it holds the memory by.
    package var processID: Int32
    package var descriptor: Int32
    /// A random number that stands in the memory: who finds it there has found the right one.
    package var key: UInt64
    package var dimensionA: Int
    package var dimensionB: Int

    package init(processID: Int32, descriptor: Int32, key: UInt64, dimensionA: Int, dimensionB: Int) {
        self.processID = processID
        self.descriptor = descriptor
        self.key = key
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
    }
}

/// A step of training as its shards, from which any process that holds W, the moments and the rows takes it to the
/// same bits.
package struct StepUpdate: Hashable, Sendable {
    package struct Shard: Hashable, Sendable {
        /// The unit's number.
        package var unit: Int
        package var rows: [Int]
        /// Whether the worker computed it and holds its errors.
        package var isOwn: Bool

        package init(unit: Int, rows: [Int], isOwn: Bool) {
            self.unit = unit
            self.rows = rows
            self.isOwn = isOwn
        }
    }

    package var step: Int
    package var learningRate: Double
    /// All shards of the step, in index order.
    package var shards: [Shard]
    /// E of the shards that are not the worker's own, one after the other, [their rows, d_B].
    package var errors: FloatMatrix

    package init(step: Int, learningRate: Double, shards: [Shard], errors: FloatMatrix) {
        self.step = step
        self.learningRate = learningRate
        self.shards = shards
        self.errors = errors
    }
}

/// Some rows of the two models' activations.
package struct ActivationRows: Hashable, Sendable {
    package var indices: [Int]
    /// [indices, d_A]
    package var a: FloatMatrix
    /// [indices, d_B]
    package var b: FloatMatrix

    package init(indices: [Int], a: FloatMatrix, b: FloatMatrix) {
        self.indices = indices
        self.a = a
        self.b = b
    }
}
