package import Run

/// The address of a connection, as the transport names it.
package struct PeerID: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }
}

extension RunControl {
    /// What happens to a run.
    package enum Event: Hashable, Sendable {
        case message(PeerID, WorkerEvent)
        /// Somebody who takes no part in the run was not let in, or sent what is no message.
        /// Those of one address and reason are counted together; the detail is shown of the last.
        case turnedAway(address: String, reason: String, detail: String?)
        /// A message could not be delivered: there is nobody at that address any more.
        case unreachable(PeerID)
        /// The host can start so many workers on its machine. To be said once.
        /// - othersMayCome: whether workers may come that are not started here.
        case localWorkers(Int, host: String, othersMayCome: Bool)
        /// What ``Effect/startWorker(_:)`` came to.
        case workerStarted(Int, processID: Int32)
        case workerNotStarted(Int, why: String)
        /// The process of a local worker has ended.
        case workerEnded(Int, processID: Int32, ProcessEnding)
        /// The unit's result is on disk.
        case persisted(UnitID)
        /// W has been moved by the step's gradient; the mean squared error per element before it.
        case stepApplied(step: Int, loss: Double)
        /// What follows a stage's last unit is done.
        case stageCompleted(Stage)
        /// What the run needs to go on is broken: the disk, say.
        case broken(String)
        /// Time went by.
        case tick
        /// The user wants the run to stop; it can be continued later.
        case interrupt
    }

    /// What a worker said, bulk left out: the host holds a result's tensors and texts while the event is handled.
    package enum WorkerEvent: Hashable, Sendable {
        case register(Registration)
        case ready(Readiness)
        case heartbeat([LeaseID])
        /// - digest: SHA-256 of the result's bytes.
        case result(run: String, lease: LeaseID, unit: UnitID, digest: String)
        case failure(lease: LeaseID, unit: UnitID, cause: String)
        /// The worker does not hold the W or the rows that the unit was thought to find there.
        case unprepared(lease: LeaseID, unit: UnitID, cause: String)
        case goodbye(reason: String)
        /// The bytes were no message.
        case malformed(String)
    }

    /// What the host is to do, in this order.
    package enum Effect: Hashable, Sendable {
        case send(PeerID, Message)
        /// Put the unit's result, which came with this event, on disk and answer with ``Event/persisted(_:)``.
        case persist(UnitID)
        /// Keep the shard's gradient, which came with this event, until its step is applied.
        case keepShard(UnitID)
        /// All shards of the step are there: sum them in index order, move W, answer with
        /// ``Event/stepApplied(step:loss:)``.
        case applyStep(Int)
        /// The stage's units are all on disk: do what follows and answer with ``Event/stageCompleted(_:)``.
        case completeStage(Stage)
        /// Start a process for the local worker of this number; answer with ``Event/workerStarted(_:processID:)`` or
        /// ``Event/workerNotStarted(_:why:)``, and later with ``Event/workerEnded(_:processID:_:)``.
        case startWorker(Int)
        /// A local worker that hangs was told to end, which it may not be able to do: kill its process.
        case stopWorker(Int)
        case end(Outcome)
    }

    package enum Message: Hashable, Sendable {
        case welcome
        case refusal(String)
        /// A's activations of some rows, for units that are granted later.
        case activations(Range<Int>)
        case grant(lease: LeaseID, unit: UnitID, supply: Supply)
        case heartbeat
        case finished(String)
    }

    /// What travels with a unit because its worker lacks it.
    package struct Supply: Hashable, Sendable {
        /// The version of W that the unit is computed with, in steps applied; nil where it needs none.
        package var version: Int?
        package var projection = Projection.held
        /// Rows whose activations of both models travel.
        package var rows: [Int] = []
        /// Rows of which A's travel, for the steps that the worker takes itself.
        package var rowsOfA: [Int] = []
        /// Rows of which B's travel: the worker holds A's.
        package var rowsOfB: [Int] = []

        package init(version: Int? = nil) {
            self.version = version
        }

        /// How W gets there.
        package enum Projection: Hashable, Sendable {
            /// The worker holds it, or the unit needs none.
            case held
            /// W before the first step, which the worker draws itself, and then takes all steps so far from their
            /// shards.
            case initial
            /// W in the coordinator's memory, which the worker reads in place from now on.
            case shared
            case whole(withMoments: Bool)
            /// The worker holds an earlier version with its moments and takes the steps from there on itself, from
            /// the shards of each step; those that it computed need not travel.
            case replay(from: Int, own: [UnitID])
        }
    }

    /// How a run ends.
    package enum Outcome: Hashable, Sendable {
        case done
        case failed(String)
        case interrupted
    }
}
