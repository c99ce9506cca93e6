import CoordinatorControl
import Run
import Simulation
import Testing

/// Whole runs of the real coordinator under faults: whatever happens, what counts is on disk and stays there, the books
/// agree after every event, progress never goes back, the run ends, and results and W's are those of one process, bit
/// for bit.
///
/// A seed that is printed is replayed by `swift run simulate --schedules 1 --seed SEED --trace`.
struct SimulationTests {
    private static let schedulesPerPart = 500

    @Test(arguments: 0..<20)
    func `runs keep every promise under mixed faults`(part: Int) {
        for offset in 0..<Self.schedulesPerPart {
            let seed = UInt64(1 + part * Self.schedulesPerPart + offset)
            let simulation = Simulation(.of(seed: seed), faults: .mixed(seed: seed), seed: seed)
            let violation = simulation.run()
            #expect(violation == nil, "seed \(seed)")
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `a thousand workers keep every promise`(seed: UInt64) {
        let simulation = Simulation(.large(workers: 1000), faults: .mixed(seed: seed), seed: seed)
        #expect(simulation.run() == nil, "seed \(seed)")
    }

    @Test func `the same seed gives the same history`() {
        func history() -> [String] {
            var events: [String] = []
            let simulation = Simulation(.of(seed: 7), faults: .mixed(seed: 7), seed: 7)
            // A dictionary or set among the events would print in any order.
            simulation.trace = { time, what in events.append("\(time) \(what.prefix(20))") }
            #expect(simulation.run() == nil)
            return events
        }
        #expect(history() == history())
    }

    @Test func `a differing second answer is an alarm and the first one counts`() {
        var faults = Faults()
        faults.wrongAnswer = 0.2
        faults.repetition = 0.5
        faults.slowness = 20
        var alarms = 0
        for seed in UInt64(0)..<50 {
            let simulation = Simulation(.small(workers: 3), faults: faults, seed: seed)
            #expect(simulation.run() == nil, "seed \(seed)")
            alarms += simulation.alarms
        }
        #expect(alarms > 0)
    }

    @Test(arguments: 0..<4)
    func `where every unit is confirmed, liars change nothing and are ended`(part: Int) {
        for offset in 0..<100 {
            let seed = UInt64(1 + part * 100 + offset)
            var scenario = [
                Scenario.small(workers: 5), .smallByOutputs(workers: 5), .smallOfTwoChannels(workers: 6),
            ][offset % 3]
            // Two honest ones from elsewhere, or one of the coordinator's own, decide.
            scenario.localWorkers = offset % 2
            scenario.limits.verifiedShare = 1
            var faults = Faults()
            faults.liars = 1 + offset % 3
            faults.lastingSeconds = 1e5
            if offset % 4 == 0 { faults.attackEvery = 0.2 }
            if offset % 5 == 0 { faults.coordinatorCrashEvery = 20 }
            if offset % 7 == 0 { faults.loss = 0.05 }
            let simulation = Simulation(scenario, faults: faults, seed: seed)
            let violation = simulation.run()
            #expect(violation == nil, "seed \(seed)")
            #expect(!simulation.isTainted)
        }
    }

    @Test(arguments: 0..<4)
    func `where some units are confirmed, all that a liar computed is done again once it is found out`(part: Int) {
        var (found, relearned) = (0, 0)
        for offset in 0..<100 {
            let seed = UInt64(1 + part * 100 + offset)
            var scenario = [
                Scenario.small(workers: 4), .smallByOutputs(workers: 4), .smallOfTwoChannels(workers: 5),
            ][offset % 3]
            scenario.localWorkers = offset % 2
            scenario.limits.verifiedShare = 0.2
            scenario.limits.verificationSeed = seed
            var faults = Faults()
            (faults.liars, faults.lies, faults.barsLiars) = (1, 0.3, true)
            faults.lastingSeconds = 1e5
            if offset % 7 == 0 { faults.delay = 0.2 }
            let simulation = Simulation(scenario, faults: faults, seed: seed)
            // Where the liar was found out, what is on disk is what one process computes: see isTainted.
            let violation = simulation.run()
            #expect(violation == nil, "seed \(seed)")
            found += simulation.liarsFound.count
            relearned += simulation.life > 0 ? 1 : 0
        }
        #expect(found > 30 && relearned > 5, "\(found) were found out, \(relearned) times W was learned again")
    }

    @Test func `somebody who knows the protocol and attacks all the time changes nothing`() {
        for seed in UInt64(0)..<100 {
            var faults = Faults.mixed(seed: seed)
            faults.wrongAnswer = 0
            faults.attackEvery = 0.02
            let simulation = Simulation(.of(seed: seed), faults: faults, seed: seed)
            let violation = simulation.run()
            #expect(violation == nil, "seed \(seed)")
        }
    }

    @Test func `a run goes on where every worker hangs now and then and nobody else comes`() {
        var faults = Faults()
        faults.hang = 0.15
        faults.lastingSeconds = 1e5
        for seed in UInt64(0)..<50 {
            let simulation = Simulation(.small(workers: 1 + Int(seed) % 2), faults: faults, seed: seed)
            #expect(simulation.run() == nil, "seed \(seed)")
            #expect(simulation.time < 2_000, "seed \(seed)")
        }
    }

    @Test func `a worker that is a hundred times slower costs little`() {
        var faults = Faults()
        let undisturbed = Simulation(.small(workers: 4), faults: faults, seed: 3)
        #expect(undisturbed.run() == nil)
        faults.slowness = 100
        faults.lastingSeconds = 1e6
        let simulation = Simulation(.small(workers: 4), faults: faults, seed: 3)
        #expect(simulation.run() == nil)
        // Each of its units takes 10 to 50 s; the others wait only until it is clear that it is slow.
        #expect(simulation.time < undisturbed.time + 10)
    }
}
