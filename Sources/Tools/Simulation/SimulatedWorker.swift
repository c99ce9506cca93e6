import CoordinatorControl
import Run
import WorkerSession

/// A worker: one process after another on a machine of its own.
struct SimulatedWorker {
    let index: Int
    /// Whether it is one of the coordinator's own.
    private let isOwn: Bool
    private let inputs: SimulatedInputs
    var session: WorkerSession
    var engine: SimulatedEngine
    /// Counts processes, so that what an earlier one had begun is not taken for the present one's.
    private(set) var process = 0
    /// Counts connections; messages of earlier ones never arrive.
    var connection = 0
    var isRunning = false
    var busyUntil = 0.0
    var cutUntil = 0.0
    var grants: [LeaseID: Grant] = [:]
    var results: [LeaseID: UnitResult] = [:]
    /// Whether the unit at work never ends.
    var hangs = false

    init(_ index: Int, _ inputs: SimulatedInputs, isOwn: Bool) {
        self.index = index
        self.isOwn = isOwn
        self.inputs = inputs
        session = Self.session(of: index, process: 0, now: .seconds(0))
        engine = SimulatedEngine(inputs, canMap: true)
    }

    /// A fresh process in place of the one before.
    mutating func restart(at time: Double) {
        process += 1
        connection += 1
        isRunning = true
        busyUntil = time
        hangs = false
        engine = SimulatedEngine(inputs, canMap: index % 4 != 3)
        grants = [:]
        results = [:]
        session = Self.session(of: index, process: process, now: .seconds(time))
    }

    static let host = "host"

    private static func session(of index: Int, process: Int, now: Instant) -> WorkerSession {
        WorkerSession(
            identity: Registration(
                softwareVersion: "simulated", worker: "w\(index).\(process)", host: host,
                processID: processID(of: index, process), deviceKind: "cpu"),
            patienceSeconds: 1e6, now: now)
    }

    static func processID(of index: Int, _ process: Int) -> Int32 { Int32(truncatingIfNeeded: index * 4096 + process) }

    var processID: Int32 { Self.processID(of: index, process) }

    // MARK: Its address

    var peer: PeerID {
        PeerID(
            [UInt8(index & 255), UInt8(index >> 8), UInt8(connection & 255), UInt8(connection >> 8 & 255)],
            isPrivate: isOwn)
    }

    static func address(_ peer: PeerID) -> (index: Int, connection: Int) {
        (Int(peer.bytes[0]) + 256 * Int(peer.bytes[1]), Int(peer.bytes[2]) + 256 * Int(peer.bytes[3]))
    }
}
