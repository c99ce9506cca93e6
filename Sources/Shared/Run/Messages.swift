/// The version of the protocol between coordinator and worker: of its messages, and of the bits that a worker answers. A
/// worker of another version is refused.
package let protocolVersion: UInt32 = 8

/// Limits on what one message may hold; a message beyond them is malformed.
package enum MessageLimits {
    /// Bytes of any one text or name.
    package static let textBytes = 4 << 20
    /// Bytes of a worker's name, host, device kind and the like: what a coordinator keeps of each worker.
    package static let nameBytes = 1024
    /// Items, texts, leases of one message.
    package static let elements = 65_536
    /// Bytes of one tensor frame.
    package static let tensorBytes = 1 << 30
    /// Frames of one message.
    package static let frames = 64
    /// W's that a worker keeps a copy of, those used last: units of a run go channel after channel.
    package static let heldProjections = 4
    /// Blocks of B that one message is written at.
    package static let links = 8
    /// Sites at which one model is read: an extraction returns a frame for each, of both models, in one message.
    package static let sites = (frames - 1) / 2
}

/// Names one grant of a unit to one worker. Never used twice within a coordinator's life.
package struct LeaseID: Codable, Hashable, Sendable, Comparable {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    package static func < (a: LeaseID, b: LeaseID) -> Bool { a.value < b.value }
}

/// What workers say.
///
/// - Result: what stands for a unit's result. On the wire it is the result itself (``WorkerMessage``); decisions are
///   made on less.
package enum FromWorker<Result: Hashable & Sendable>: Hashable, Sendable {
    /// The first message on a connection.
    case register(Registration)
    /// The models that ``Welcome`` named are loaded.
    case ready(Readiness)
    /// Sent when nothing else was for a second.
    case heartbeat(Heartbeat)
    case result(run: String, lease: LeaseID, unit: UnitID, result: Result)
    /// What a unit of answers took, before its result: seconds that the worker spent on it, by the unit's conditions.
    /// Nothing that counts depends on it.
    case spent(lease: LeaseID, unit: UnitID, seconds: [Double])
    /// A unit cannot be done.
    case failure(lease: LeaseID, unit: UnitID, cause: String)
    /// The worker does not hold the W or the activations that the unit was thought to find there: it is to be given
    /// again with all that it needs.
    case unprepared(lease: LeaseID, unit: UnitID, cause: String)
    /// The worker leaves; its leases are free again at once.
    case goodbye(reason: String)

    /// The same said with another thing in the result's place.
    package func mapResult<Other>(_ transform: (Result) throws -> Other) rethrows -> FromWorker<Other> {
        switch self {
        case .register(let registration): .register(registration)
        case .ready(let readiness): .ready(readiness)
        case .heartbeat(let heartbeat): .heartbeat(heartbeat)
        case .result(let run, let lease, let unit, let result):
            .result(run: run, lease: lease, unit: unit, result: try transform(result))
        case .spent(let lease, let unit, let seconds): .spent(lease: lease, unit: unit, seconds: seconds)
        case .failure(let lease, let unit, let cause): .failure(lease: lease, unit: unit, cause: cause)
        case .unprepared(let lease, let unit, let cause): .unprepared(lease: lease, unit: unit, cause: cause)
        case .goodbye(let reason): .goodbye(reason: reason)
        }
    }
}

extension FromWorker: Codable where Result: Codable {}

package typealias WorkerMessage = FromWorker<UnitResult>

/// Who a worker is.
package struct Registration: Codable, Hashable, Sendable {
    package var protocolVersion: UInt32
    /// The product's version, for messages.
    package var softwareVersion: String
    /// Unique among workers that live at the same time: host, process id and a random part.
    package var worker: String
    package var host: String
    package var processID: Int32
    /// The kind of device: what a result's bits depend on besides the run's inputs.
    package var deviceKind: DeviceKind
    /// The device for people: its kind, and what makes it fast or slow.
    package var device: String
    /// The run that the worker took part in before it lost its coordinator, if it did.
    package var run: String?
    /// Leases of that run which the worker still works on.
    package var leases: [LeaseID]

    package init(
        protocolVersion: UInt32 = Run.protocolVersion, softwareVersion: String, worker: String, host: String,
        processID: Int32, deviceKind: DeviceKind, device: String? = nil, run: String? = nil, leases: [LeaseID] = []
    ) {
        self.protocolVersion = protocolVersion
        self.softwareVersion = softwareVersion
        self.worker = worker
        self.host = host
        self.processID = processID
        self.deviceKind = deviceKind
        self.device = device ?? deviceKind.rawValue
        self.run = run
        self.leases = leases
    }
}

/// A worker's sign of life.
package struct Heartbeat: Codable, Hashable, Sendable {
    /// The leases that it holds.
    package var leases: [LeaseID]
    /// How much of each lease's unit is done, in thousandths, in their order; fewer, or none, where the worker does not
    /// know.
    package var shares: [Int]
    /// Memory that its process holds; nil where the worker does not know.
    package var memoryBytes: UInt64?

    package init(_ leases: [LeaseID], shares: [Int] = [], memoryBytes: UInt64? = nil) {
        self.leases = leases
        self.shares = shares
        self.memoryBytes = memoryBytes
    }
}

/// What the worker found in the folders it was told to load.
package struct Readiness: Codable, Hashable, Sendable {
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
///
/// - Greeting, Activations, Given: what stands for the description of the run, for activations and for a unit with
///   what it needs. On the wire it is those themselves (``CoordinatorMessage``); decisions are made on less.
package enum FromCoordinator<
    Greeting: Hashable & Sendable, Activations: Hashable & Sendable, Given: Hashable & Sendable
>: Hashable, Sendable {
    case welcome(Greeting)
    /// The worker cannot take part; it ends with this reason.
    case refusal(reason: String)
    /// Activations for units that are granted later.
    case activations(Activations)
    case grant(Given)
    /// Answers a heartbeat.
    case heartbeat
    /// The run is over for this worker; it ends.
    case finished(reason: String)

    /// The same said with other things in their places.
    package func map<OtherGreeting, OtherActivations, OtherGiven>(
        greeting: (Greeting) -> OtherGreeting, activations: (Activations) -> OtherActivations,
        given: (Given) -> OtherGiven
    ) -> FromCoordinator<OtherGreeting, OtherActivations, OtherGiven> {
        switch self {
        case .welcome(let welcome): .welcome(greeting(welcome))
        case .refusal(let reason): .refusal(reason: reason)
        case .activations(let some): .activations(activations(some))
        case .grant(let grant): .grant(given(grant))
        case .heartbeat: .heartbeat
        case .finished(let reason): .finished(reason: reason)
        }
    }
}

extension FromCoordinator: Codable where Greeting: Codable, Activations: Codable, Given: Codable {}

package typealias CoordinatorMessage = FromCoordinator<Welcome, TextActivations, Grant>

/// What a worker needs to know of the run.
package struct Welcome: Hashable, Sendable {
    /// The run's digest: configuration, models and data.
    package var run: String
    package var modelA: String
    package var modelB: String
    /// How messages meet the stream that they are put into, where their condition does not say.
    package var delivery: Condition.Delivery
    /// At which tokens activations are read and written.
    package var positions: TokenPositions
    package var computeType: ComputeType
    /// Whether prompts are put into each model's own chat template.
    package var chat: Bool
    package var reading: ReadingSettings
    package var seed: UInt64
    package var heartbeatSeconds: Double
    /// A coordinator not heard for so long is taken for lost.
    package var silenceSeconds: Double

    package init(
        run: String, modelA: String, modelB: String, delivery: Condition.Delivery,
        positions: TokenPositions = TokenPositions(), computeType: ComputeType, chat: Bool = false,
        reading: ReadingSettings = ReadingSettings(), seed: UInt64,
        heartbeatSeconds: Double, silenceSeconds: Double
    ) {
        self.run = run
        self.modelA = modelA
        self.modelB = modelB
        self.delivery = delivery
        self.positions = positions
        self.computeType = computeType
        self.chat = chat
        self.reading = reading
        self.seed = seed
        self.heartbeatSeconds = heartbeatSeconds
        self.silenceSeconds = silenceSeconds
    }
}
