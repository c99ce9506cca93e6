import CoordinatorControl
import Run
import Testing

/// Whole runs under faults: whatever happens, every unit is done once and steps are applied in order.
struct SimulationTests {
    static let plan = RunPlan(
        run: "run",
        stages: [
            StagePlan(.extract, .rows(rowCount: 90, rowsPerUnit: 4)),
            StagePlan(
                .train, .steps(TrainingSchedule(rowCount: 90, epochs: 3, batch: 16, shardRows: 4, seed: 1)),
                needsProjection: true),
            StagePlan(.similarity, .independent(units: 7), needsProjection: true),
            StagePlan(.squad, .independent(units: 40), needsProjection: true),
        ], fingerprintA: "a", fingerprintB: "b")

    static let faults: [(name: String, faults: Simulation.Faults)] = [
        ("none", Simulation.Faults()),
        ("reordering", Simulation.Faults(delay: 0.5)),
        ("loss", Simulation.Faults(loss: 0.03, delay: 0.02)),
        ("duplication", Simulation.Faults(duplication: 0.3, delay: 0.05)),
        ("worker crashes", Simulation.Faults(workerCrashEvery: 6)),
        ("coordinator crashes", Simulation.Faults(coordinatorCrashEvery: 3)),
        ("a slow worker", Simulation.Faults(slowness: 100)),
        ("failing units", Simulation.Faults(failure: 0.005)),
        (
            "everything",
            Simulation.Faults(
                loss: 0.01, duplication: 0.05, delay: 0.1, workerCrashEvery: 15, coordinatorCrashEvery: 10, slowness: 5)
        ),
    ]

    @Test(arguments: faults.map(\.name), [1, 2, 5])
    func `a run ends with every unit done once`(fault: String, workerCount: Int) throws {
        let faults = try #require(Self.faults.first { $0.name == fault }).faults
        for seed in UInt64(0)..<20 {
            var simulation = Simulation(plan: Self.plan, workerCount: workerCount, faults: faults, seed: seed)
            simulation.run(limit: 20_000)
            #expect(simulation.outcome == .done, "seed \(seed): \(simulation.control.status(at: .seconds(0)).faults)")

            for stage in Self.plan.stages where stage.stage != .train {
                for index in 0..<stage.total {
                    #expect(simulation.disk[UnitID(stage.stage, index)] != nil, "seed \(seed): \(stage.stage) \(index)")
                }
            }
            // One life of the coordinator applies each step once and in order; after a crash it goes back no
            // further than the checkpoint.
            for (earlier, later) in zip(simulation.appliedSteps, simulation.appliedSteps.dropFirst()) {
                #expect(later == earlier + 1 || (simulation.life > 0 && later <= earlier + 1), "seed \(seed)")
            }
            #expect(Set(simulation.appliedSteps) == Set(0..<18), "seed \(seed)")
            if simulation.life == 0 {
                #expect(simulation.persistCount.values.allSatisfy { $0 == 1 }, "seed \(seed): a unit counted twice")
            }
            #expect(simulation.mostLeases <= RunLimits().shardsPerWorker, "seed \(seed)")
            if simulation.life == 0 {
                for (earlier, later) in zip(simulation.history, simulation.history.dropFirst()) {
                    for (a, b) in zip(earlier.stages, later.stages) {
                        #expect(a.unitsDone <= b.unitsDone, "seed \(seed): progress went back")
                    }
                }
            }
        }
    }

    @Test func `the same seed gives the same history`() {
        let faults = Self.faults.last!.faults
        func history() -> [RunStatus] {
            var simulation = Simulation(plan: Self.plan, workerCount: 3, faults: faults, seed: 7)
            simulation.run(limit: 20_000)
            return simulation.history
        }
        #expect(history() == history())
    }

    @Test func `a differing second answer is an alarm and the first one counts`() {
        var alarms = 0
        for seed in UInt64(0)..<30 {
            var simulation = Simulation(
                plan: Self.plan, workerCount: 3,
                faults: Simulation.Faults(duplication: 0.3, delay: 0.05, wrongAnswer: 0.2), seed: seed)
            simulation.run(limit: 20_000)
            #expect(simulation.outcome == .done)
            alarms += simulation.alarms
        }
        #expect(alarms > 0)
    }

    @Test func `a slow worker's units are given out again near the end of a stage`() {
        let slow = Simulation.Faults(slowness: 400)
        var simulation = Simulation(plan: Self.plan, workerCount: 4, faults: slow, seed: 3)
        simulation.run(limit: 20_000)
        // Alone, the slow worker needs 8 to 16 s for each unit that it holds; the others wait only until it is
        // clear that it is slow.
        #expect(simulation.outcome == .done)
        #expect(simulation.time < 100)
    }
}
