import CPUDevice
import CoordinatorControl
import CoordinatorHost
import Devices
import Foundation
import Run
import Storage

/// What anybody may say to the coordinator itself: well-formed messages of any content, from peers of any standing, and
/// a journal of such records for the coordinator that goes on with the run.
///
/// A conversation is a function of its seed. What must hold after every message: no trap, and the coordinator's books
/// agree.
package struct FuzzedConversation {
    /// Messages of a conversation.
    package static let length = 200

    var random: NamedGenerator
    let inputs: RunInputs
    let travel: LiveRun.Travel
    private var storage = MemoryStorage()
    /// What the coordinator granted and nobody has answered.
    private let grants = Grants()
    private var seconds = 0.0
    private var life = 0
    private var processes: Int32 = 0
    package private(set) var tally = Tally()

    /// What became of messages.
    package struct Tally: Equatable, Sendable {
        package var messages = 0
        /// Units that counted, all coordinators of all conversations together.
        package var unitsDone = 0
        /// Runs that came to their end.
        package var runsDone = 0
        /// Broken promises, each with its conversation.
        package var violations: [String] = []

        package init() {}
    }

    /// What a peer was given.
    final class Grants {
        var all: [(peer: PeerID, grant: Grant)] = []
    }

    private static let device: any Device = {
        do { return try CPUDevice(threads: 1) } catch {
            preconditionFailure("the fuzzed coordinator's device: \(error)")
        }
    }()

    init(seed: UInt64) {
        random = NamedGenerator(seed: seed, purpose: "conversation")
        let kind = random.index(below: Self.runs.count)
        inputs = Self.runs[kind]
        travel = LiveRun.Travel(
            training: kind == 1 ? .byOutputs : nil, gradients: random.index(below: 2) == 0 ? .auto : .dense,
            weights: random.index(below: 2) == 0 ? .auto : .whole)
    }

    /// Has these conversations, one after the other.
    package static func run(_ numbers: Range<Int>, seed: UInt64) -> Tally {
        var tally = Tally()
        for number in numbers {
            var generator = NamedGenerator(seed: seed, purpose: "conversations", key: "\(number)")
            let one = converse(seed: generator.next())
            tally.messages += one.messages
            tally.unitsDone += one.unitsDone
            tally.runsDone += one.runsDone
            tally.violations += one.violations.map { "conversation \(number) of seed \(seed): \($0)" }
        }
        return tally
    }

    /// Has one conversation: with one coordinator after the other, each on what the one before left and on what was put
    /// there.
    package static func converse(seed: UInt64) -> Tally {
        var conversation = FuzzedConversation(seed: seed)
        while conversation.tally.messages < length, conversation.tally.violations.isEmpty {
            conversation.live()
            conversation.spoilJournal()
        }
        return conversation.tally
    }

    // MARK: A coordinator's life

    private mutating func live() {
        let run: LiveRun
        do {
            run = try open()
        } catch {
            tally.violations.append("what well-formed records stand in is refused: \(error)")
            return
        }
        run.start(at: .seconds(seconds))
        for number in UInt8(0)..<UInt8(random.index(below: 4)) { join(run, PeerID([number], isPrivate: number == 0)) }
        for _ in 0..<1 + random.index(below: Self.length) {
            // A run that has ended hears nothing any more, whatever is said.
            tally.messages += 1
            say(to: run)
            if run.outcome != nil, random.index(below: 4) == 0 { break }
            if let violation = run.inspect({ $0.violation() }) {
                tally.violations.append("after message \(tally.messages): \(violation)")
                return
            }
        }
        tally.unitsDone += run.inspect { $0.doneUnits.count }
        if run.outcome == .done {
            tally.runsDone += 1
            storage = MemoryStorage()
        }
    }

    private mutating func open() throws -> LiveRun {
        life += 1
        grants.all = []
        var limits = RunLimits()
        limits.workers = 6
        limits.loadingWorkers = 4
        limits.verifiedShare = [0, 0.5, 1][random.index(below: 3)]
        limits.replaySteps = random.index(below: 3)
        limits.failuresPerUnit = 3 + random.index(below: 50)
        limits.lossesPerUnit = 50
        let run = try LiveRun(
            inputs: inputs, storage: storage, limits: limits, firstLease: UInt64(life) << 32, device: Self.device,
            travel: travel, host: "host", now: .seconds(seconds)
        ) { [grants] peer, message in
            guard case .grant(let grant) = message else { return }
            for one in [grant] + grant.companionGrants { grants.all.append((peer, one)) }
        }
        if random.index(below: 2) == 0 {
            run.handle(.localWorkers(2, host: "host", othersMayCome: true), at: .seconds(seconds))
        }
        return run
    }

    private mutating func say(to run: LiveRun) {
        seconds += random.uniform() * (random.index(below: 100) == 0 ? 15 : 0.1)
        let now = Instant.seconds(seconds)
        let number = UInt8(random.index(below: 4))
        let peer = PeerID([number], isPrivate: number == 0)
        switch random.index(below: 24) {
        case 0: run.handle(.tick, at: now)
        case 1: run.handle(.malformed(peer, "noise"), at: now)
        case 2: run.handle(.unreachable(peer), at: now)
        case 3:
            processes += 1
            run.handle(.workerStarted(random.index(below: 3), processID: processes), at: now)
        case 4:
            run.handle(
                .workerEnded(random.index(below: 3), processID: processes, .signal(9)), at: now)
        case 5...8:
            run.settleDisk(at: now)
        case 9...14: answer(run, by: peer, at: now)
        default: run.receive(message(from: peer), from: peer, at: now)
        }
    }

    /// Somebody takes part as a worker should.
    private mutating func join(_ run: LiveRun, _ peer: PeerID) {
        var registration = registration()
        registration.protocolVersion = protocolVersion
        registration.worker = "worker \(peer.bytes[0])"
        registration.deviceKind = "cpu"
        run.receive(.register(registration), from: peer, at: .seconds(seconds))
        let readiness = Readiness(
            fingerprintA: inputs.plan.fingerprintA, fingerprintB: inputs.plan.fingerprintB, capacity: 2)
        run.receive(.ready(readiness), from: peer, at: .seconds(seconds))
    }

    /// Puts records of any content behind what is in the journal.
    private mutating func spoilJournal() {
        // Records beside no manifest are refused: nobody knows whose they are.
        guard storage.contains(RunFiles.manifest) else { return }
        do {
            let journal = try storage.journal { _ in }
            for _ in 0..<random.index(below: 6) {
                let result = result(nil)
                let unit = UnitID(stage(of: result), number())
                let record = ResultRecord(run: runName(), unit: unit, result: result)
                try journal.append(Data(record.bytes))
            }
            if random.index(below: 4) == 0 {
                try journal.append(ResultRecord.retraction(of: [unit(), unit()], run: runName()))
            }
            try journal.commit()
        } catch {
            tally.violations.append("the journal cannot be written: \(error)")
        }
    }

    // MARK: Messages

    private mutating func message(from peer: PeerID) -> WorkerMessage {
        switch random.index(below: 30) {
        case 0, 1: return .register(registration())
        case 2, 3:
            let isRight = random.index(below: 4) > 0
            return .ready(
                Readiness(
                    fingerprintA: isRight ? inputs.plan.fingerprintA : "x", fingerprintB: inputs.plan.fingerprintB,
                    capacity: number()))
        case 4: return .heartbeat(Heartbeat((0..<random.index(below: 5)).map { _ in lease() }))
        case 5: return .failure(lease: lease(), unit: unit(), cause: "cause")
        case 6: return .unprepared(lease: lease(), unit: unit(), cause: "cause")
        case 7: return .goodbye(reason: "reason")
        default: return anyAnswer()
        }
    }

    /// Of a unit that was given to somebody, mostly by whom and as it should be.
    private mutating func answer(_ run: LiveRun, by peer: PeerID, at now: Instant) {
        guard !grants.all.isEmpty else { return run.receive(anyAnswer(), from: peer, at: now) }
        let place = random.index(below: grants.all.count)
        let (holder, grant) = grants.all[place]
        if random.index(below: 8) > 0 { grants.all.remove(at: place) }
        let message = WorkerMessage.result(
            run: inputs.plan.run, lease: grant.lease, unit: grant.id, result: result(grant))
        run.receive(message, from: random.index(below: 8) > 0 ? holder : peer, at: now)
    }

    private mutating func anyAnswer() -> WorkerMessage {
        random.index(below: 4) == 0
            ? .spent(lease: lease(), unit: unit(), seconds: [0.5, 1e300])
            : .result(run: runName(), lease: lease(), unit: unit(), result: result(nil))
    }

    private mutating func registration() -> Registration {
        Registration(
            protocolVersion: random.index(below: 10) == 0 ? 99 : protocolVersion, softwareVersion: "fuzz",
            worker: "worker \(random.index(below: 6))", host: ["host", "elsewhere"][random.index(below: 2)],
            processID: processes,
            deviceKind: random.index(below: 10) == 0 ? "odd" : "cpu",
            run: random.index(below: 2) == 0 ? inputs.plan.run : nil,
            leases: (0..<random.index(below: 3)).map { _ in lease() })
    }

    private mutating func runName() -> String { random.index(below: 8) == 0 ? "other" : inputs.plan.run }

    private mutating func lease() -> LeaseID {
        if let given = grants.all.last, random.index(below: 2) == 0 { return given.grant.lease }
        return LeaseID(UInt64(number()) | UInt64(random.index(below: 3)) << 32)
    }

    private mutating func unit() -> UnitID {
        let stages: [Stage] = [
            .parity, .extract, .train, .sums, .similarity, .evaluate(task: "simulated"), .evaluate(task: "no-such"),
        ]
        return UnitID(stages[random.index(below: stages.count)], number())
    }

    /// Of the kind that is decoded: 0 or more.
    private mutating func number() -> Int {
        let edges = [0, 1, 2, 63, 64, 1 << 20, 1 << 31, 1 << 32, (1 << 40) - 1, 1 << 40]
        return random.index(below: 3) == 0 ? edges[random.index(below: edges.count)] : random.index(below: 16)
    }
}
