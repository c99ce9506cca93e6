package import Run

/// The address of a connection, as the transport names it.
package struct PeerID: Codable, Hashable, Sendable {
    package let bytes: [UInt8]
    /// Whether it came by the socket that only the coordinator's own workers can reach.
    package let isPrivate: Bool
    /// Where it comes from, if that is known. Limits go by it; it is no part of who the peer is.
    package let address: String?

    package init(_ bytes: [UInt8], isPrivate: Bool = false, address: String? = nil) {
        self.bytes = bytes
        self.isPrivate = isPrivate
        self.address = address
    }

    package static func == (a: PeerID, b: PeerID) -> Bool { a.bytes == b.bytes && a.isPrivate == b.isPrivate }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}

extension RunControl {
    /// What happens to a run.
    package enum Event: Codable, Hashable, Sendable {
        case message(PeerID, WorkerEvent)
        /// Somebody sent bytes that are no message; why.
        case malformed(PeerID, String)
        /// Somebody who takes no part in the run was not let in, or sent what is no message.
        /// Those of one address and reason are counted together; the detail is shown of the last.
        case turnedAway(address: String, reason: String, detail: String?)
        /// The host found something that whoever watches the run has to know.
        case noticed(String)
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

    /// What a worker said, with SHA-256 of a result's bytes in its place: the host holds the result while the event is
    /// handled.
    package typealias WorkerEvent = FromWorker<String>

    /// What the host is to do, in this order.
    package enum Effect: Codable, Hashable, Sendable {
        case send(PeerID, Message)
        /// Put the unit's result, which came with this event, on disk and answer with ``Event/persisted(_:)``.
        case persist(UnitID)
        /// The unit's result on disk counts no more, also for a coordinator that goes on with the run.
        case retract(UnitID)
        /// W has learned from what is wrong: these units' results count no more, nor do the steps of the training, for
        /// which their first unit is among them. All of it together or nothing, also for a coordinator that goes on
        /// with the run; this one ends.
        case unlearn([UnitID])
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

    /// What a worker is told, bulk left out: the host makes the welcome of the run of that digest, and adds activations
    /// and W's.
    package typealias Message = FromCoordinator<String, SiteTexts, Given>

    /// A unit given to a worker, and what travels with it.
    package struct Given: Codable, Hashable, Sendable {
        package var lease: LeaseID
        package var unit: UnitID
        package var supply: Supply

        package init(lease: LeaseID, unit: UnitID, supply: Supply) {
            self.lease = lease
            self.unit = unit
            self.supply = supply
        }
    }

    /// Names activations: of these texts, at that site.
    package struct SiteTexts: Codable, Hashable, Sendable {
        package var site: Site
        package var texts: [Int]

        package init(site: Site, texts: [Int]) {
            self.site = site
            self.texts = texts
        }
    }

    /// What travels with a unit because its worker lacks it.
    package struct Supply: Codable, Hashable, Sendable {
        /// The W that the unit is computed with; nil where it needs none.
        package var projection: Projection?
        /// Each site once.
        package private(set) var activations: [SiteTexts] = []

        package init() {}

        mutating func add(_ texts: [Int], at site: Site) {
            if texts.isEmpty { return }
            if let place = activations.firstIndex(where: { $0.site == site }) {
                activations[place].texts += texts
            } else {
                activations.append(SiteTexts(site: site, texts: texts))
            }
        }

        package struct Projection: Codable, Hashable, Sendable {
            package var channel: Channel
            /// Steps that it has taken.
            package var version: Int
            package var form: Form
        }

        /// How W gets to the worker.
        package enum Form: Codable, Hashable, Sendable {
            /// The worker holds it.
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
    package enum Outcome: Codable, Hashable, Sendable {
        case done
        case failed(String)
        case interrupted
    }
}
