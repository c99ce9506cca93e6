import Foundation
import Reports
import Run
import TestSupport
import Testing

/// A result is a function of its inputs, and nothing finished is lost: with real processes, on the shipped models.
@Suite(.serialized, .blocking)
struct LawTests {
    @Test(arguments: [2, 4])
    func `the number of workers changes no byte of a result`(workers: Int) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run(
            "coordinator", DemoRun.arguments(output: output, ["--workers", "\(workers)", "--threads", "2"]),
            in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test(arguments: [["--gradients", "dense"], ["--gradients", "factors"], ["--training", "by-outputs"]])
    func `how W is trained and gradients travel changes no byte of a result`(form: [String]) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run(
            "coordinator",
            DemoRun.arguments(output: output, ["--workers", "3", "--threads", "1"] + form),
            in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test(arguments: ["replay", "whole"])
    func `how W gets to the workers changes no byte of a result`(form: String) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let ending = try ProgramProcess.run(
            "coordinator",
            DemoRun.arguments(output: output, ["--workers", "3", "--threads", "1", "--weights", form]),
            in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test func `workers on the coordinator's machine read W in its memory, so no steps travel`() throws {
        func bytesPerStep(_ form: String) throws -> Double {
            let scratch = try TemporaryFolder()
            let output = scratch.file("run")
            let ending = try ProgramProcess.run(
                "coordinator",
                DemoRun.arguments(
                    output: output,
                    ["--workers", "3", "--threads", "1", "--experiments", "projection", "--weights", form]),
                in: scratch)
            #expect(ending.code == 0, "\(ending.errors)")
            let timing = try JSONSerialization.jsonObject(
                with: Data(contentsOf: output.appendingPathComponent("timing.json")))
            return try #require((timing as? [String: Any])?["training_bytes_per_step"] as? Double)
        }
        #expect(try bytesPerStep("auto") < 0.9 * bytesPerStep("replay"))
    }

    @Test(arguments: Stage.allOfDemo)
    func `a worker killed in a stage changes no byte of a result`(stage: Stage) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", DemoRun.arguments(output: output, ["--workers", "2", "--threads", "1"]), in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let status = try coordinator.status(at: endpoint, in: stage)
        let victim = try #require(status.workers.first { $0.state == .working })
        kill(victim.processID, SIGKILL)
        try coordinator.status(at: endpoint) { status in
            status.faults.contains { $0.worker == victim.worker && $0.what.contains("killed by signal 9") }
        }

        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test(arguments: Stage.allOfDemo)
    func `a coordinator killed in a stage goes on by the same command to the same bytes`(stage: Stage) throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let arguments = DemoRun.arguments(output: output, ["--workers", "2", "--threads", "1"])
        let first = try ProgramProcess("coordinator", arguments, in: scratch)
        let status = try first.status(at: try first.statusEndpoint(), in: stage)
        first.send(SIGKILL)
        _ = try first.end()
        // Its workers notice that they are orphans and end.
        for worker in status.workers {
            #expect(wait(30) { kill(worker.processID, 0) != 0 }, "worker \(worker.worker) outlived its coordinator")
        }

        let second = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(second.code == 0, "\(second.errors)")
        #expect(second.errors.contains("going on with the run"))
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
    }

    @Test func `an interrupted run says how to go on, exits with 130 and goes on`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let arguments = DemoRun.arguments(output: output, ["--workers", "1", "--threads", "1"])
        let first = try ProgramProcess("coordinator", arguments, in: scratch)
        try first.status(at: try first.statusEndpoint(), in: .train)
        first.send(SIGINT)
        let interrupted = try first.end()
        #expect(interrupted.code == 130)
        #expect(interrupted.errors.contains("the same command goes on from there"))

        let second = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(second.code == 0, "\(second.errors)")
        #expect(try DemoRun.digests(in: output) == DemoRun.undisturbed())
        // What was done before the interruption counts.
        let timing = try TimingReport(Data(contentsOf: output.appendingPathComponent("timing.json")))
        #expect(timing.sessions.map(\.phase) == [.interrupted, .done])
        #expect(timing.elapsedSeconds == timing.sessions.reduce(0) { $0 + $1.seconds })
        #expect(timing.stages.allSatisfy { $0.seconds > 0 && $0.unitsDone == $0.unitsTotal })
        #expect(timing.workers.map(\.session) == [1, 2])
        // Two tasks' conditions, each with what workers spent on it.
        let spent = try #require(timing.conditions)
        #expect(
            Set(spent.map(\.stage.rawValue)) == ["squad", "gsm8k"] && spent.contains { $0.condition == "injected" })
        #expect(spent.allSatisfy { $0.answers > 0 && $0.seconds > 0 })
        #expect(second.output.contains("a worker's time for an answer"))
    }
}
