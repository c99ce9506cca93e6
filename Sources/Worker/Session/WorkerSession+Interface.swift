package import Run

extension WorkerSession {
    package enum Event: Hashable, Sendable {
        case message(CoordinatorEvent)
        /// The bytes of a message were none.
        case malformed(String)
        /// The models of the last ``Effect/load(_:)`` are in memory.
        /// - run: the run that named them.
        case loaded(run: String, Readiness)
        case loadingFailed(String)
        /// The unit's result is here; the host keeps it under the lease until ``Effect/deliver(_:_:)``.
        case finished(LeaseID)
        /// - isUnprepared: the unit itself may be sound; W or activations that it needs are not there.
        case unitFailed(LeaseID, cause: String, isUnprepared: Bool = false)
        /// The connection broke. The transport may open another one by itself, but to the coordinator that is a
        /// stranger's.
        case disconnected
        /// Time went by.
        case tick
        /// The user, the system or the parent process wants the worker to end.
        case interrupt(reason: String)
        /// The coordinator refuses the connection itself (a wrong key, say), which nothing will mend.
        case rejected(reason: String)
    }

    /// What the coordinator said, bulk left out: the host gives activations to the engine, and keeps a grant's unit and
    /// tensors under the lease.
    package typealias CoordinatorEvent = FromCoordinator<Welcome, Site, Given>

    /// A unit that was granted.
    package struct Given: Hashable, Sendable {
        package var lease: LeaseID
        package var unit: UnitID

        package init(_ lease: LeaseID, _ unit: UnitID) {
            self.lease = lease
            self.unit = unit
        }
    }

    /// What the worker says besides results, which ``Effect/deliver(_:_:)`` names. How far units are, and memory, are the
    /// host's to add to a heartbeat.
    package typealias Message = FromWorker<Never>

    package enum Effect: Hashable, Sendable {
        /// Close the socket, if there is one, and open a fresh one.
        case connect
        case send(Message)
        /// Send the lease's result and forget it.
        case deliver(LeaseID, UnitID)
        /// Load the models, forgetting W and activations of another run, and answer with ``Event/loaded(_:)``.
        case load(Welcome)
        /// Work on the lease's unit, together with others that are not done where these ask for answers too, and answer with ``Event/finished(_:)`` or ``Event/unitFailed(_:cause:)``.
        case execute(LeaseID, UnitID)
        /// Forget what is kept under the lease.
        case forget(LeaseID)
        case end(Outcome)
    }

    package enum Outcome: Hashable, Sendable {
        /// The coordinator needs this worker no longer.
        case done(String)
        case failed(String)
        case interrupted(String)
    }
}
