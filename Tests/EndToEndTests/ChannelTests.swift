import Foundation
import JSON
import Run
import TestSupport
import Testing

/// Several channels in one run: each has what it has alone, byte for byte, whoever works and whatever breaks.
@Suite(.serialized, .blocking)
struct ChannelTests {
    private let scratch: TemporaryFolder
    private var output: URL { scratch.file("run") }

    init() throws { scratch = try TemporaryFolder() }

    private func expectTheSame(_ ending: ProgramProcess.Ending, _ what: Comment) throws {
        #expect(ending.code == 0, "\(what): \(ending.errors)")
        let (found, expected) = (try ChannelRun.contents(of: output), try ChannelRun.undisturbed())
        for file in ChannelRun.files { #expect(found[file] == expected[file], "\(what): \(file)") }
    }

    private struct NoObject: Error {
        var path: [String]
    }

    /// The members of an object, each with its digits and order as they stand in the file.
    private func members(_ data: Data, _ path: String...) throws -> [String: JSONValue] {
        var scanner = try JSONScanner(file: "results.json", bytes: Array(data))
        var value = try scanner.document()
        func members() throws -> [String: JSONValue] {
            guard case .object(let members) = value else { throw NoObject(path: path) }
            return Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
        }
        for name in path { value = try #require(try members()[name], "\(name)") }
        return try members()
    }

    /// Bytes of a file whose header names the run, as if it named the other one.
    private func renamed(_ data: Data, _ run: String, _ other: String) throws -> Data {
        var data = data
        let place = try #require(data.range(of: Data(run.utf8)))
        data.replaceSubrange(place, with: Data(other.utf8))
        return data
    }

    @Test(arguments: ChannelRun.channels)
    func `a channel's W, samples and scores are those of the run with it alone`(channel: Channel) throws {
        let ending = try ProgramProcess.run(
            "coordinator", ChannelRun.arguments(output: output, channels: [channel], ["--workers", "1"]), in: scratch)
        #expect(ending.code == 0, "\(ending.errors)")
        let together = try ChannelRun.undisturbed()
        func alone(_ file: String) throws -> Data { try Data(contentsOf: output.appendingPathComponent(file)) }

        for task in ChannelRun.tasks {
            let samples = try alone("samples_\(task).jsonl")
            #expect(!samples.isEmpty && samples == together[ChannelRun.samples(task, channel)], "\(task)")
        }
        let results = (alone: try alone("results.json"), together: try #require(together["results.json"]))
        let own = try members(results.alone)
        let part = try members(results.together, "channels", channel.description)
        #expect(Set(part.keys) == ["results", "differences", "audit", "gates", "costs", "similarity", "projection"])
        for (name, value) in part { #expect(own[name] == value, "\(name)") }
        // But for the run's name, the whole file.
        guard case .string(let run) = own["run"], case .string(let other) = try members(results.together)["run"]
        else {
            Issue.record("results.json names no run")
            return
        }
        let file = ChannelRun.projection(channel)
        #expect(try renamed(alone(file), run, other) == together[file])
    }

    @Test func `the channels differ`() throws {
        let together = try ChannelRun.undisturbed()
        #expect(Set(ChannelRun.channels.map { together[ChannelRun.projection($0)] }).count == 3)
        #expect(Set(ChannelRun.channels.map { together[ChannelRun.samples("squad", $0)] }).count == 3)
    }

    @Test(arguments: [2, 4])
    func `the number of workers changes no byte`(workers: Int) throws {
        let ending = try ProgramProcess.run(
            "coordinator", ChannelRun.arguments(output: output, ["--workers", "\(workers)"]), in: scratch)
        try expectTheSame(ending, "\(workers) workers")
    }

    @Test(arguments: [Stage.train, .evaluate(task: "squad")])
    func `a worker killed in a stage changes no byte, and the status shows the stages`(stage: Stage) throws {
        let coordinator = try ProgramProcess(
            "coordinator", ChannelRun.arguments(output: output, ["--workers", "2"]), in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        let status = try coordinator.status(at: endpoint, in: stage)
        // The texts are read once for all channels; W's, layers (of 2:2 not the last) and items are the channels' own.
        #expect(status.stages.map(\.stage) == Stage.allOfDemo)
        #expect(status.stages.map(\.unitsTotal) == [(128 + 12 + 31) / 32, 3 * 12, (4 + 5 + 5) * 5, 3 * 10, 3 * 10])
        let victim = try #require(status.workers.first { $0.state == .working })
        kill(victim.processID, SIGKILL)
        try coordinator.status(at: endpoint) { status in
            status.faults.contains { $0.worker == victim.worker && $0.what.contains("killed by signal 9") }
        }
        try expectTheSame(try coordinator.end(), "killed in \(stage.rawValue)")
    }

    @Test func `a coordinator killed among the channels goes on by the same command to the same bytes`() throws {
        let arguments = ChannelRun.arguments(output: output, ["--workers", "2"])
        let first = try ProgramProcess("coordinator", arguments, in: scratch)
        // At least one channel's W is whole, and at least one is not.
        let status = try first.status(at: try first.statusEndpoint(), in: .train) { $0.stages[1].unitsDone > 12 }
        first.send(SIGKILL)
        _ = try first.end()
        for worker in status.workers {
            #expect(wait(30) { kill(worker.processID, 0) != 0 }, "worker \(worker.worker) outlived its coordinator")
        }
        let second = try ProgramProcess.run("coordinator", arguments, in: scratch)
        #expect(second.errors.contains("going on with the run"))
        try expectTheSame(second, "resumed")
    }

    @Test(arguments: [
        (["--channel", "2:2", "4:4", "2:2"], ["--channel 2:2", "given twice"]),
        (["--channel", "2:2", "--channel", "2:2"], ["--channel 2:2", "given twice"]),
        (["--channel", "2:2", "--layer-k", "4"], ["--channel", "in place of --layer-k and --layer-j"]),
        (["--channel", "2:2", "--layer-k", "4", "--layer-j", "4"], ["in place of --layer-k and --layer-j"]),
        (["--layer-j", "4"], ["missing --layer-k", "--channel K:J"]),
        (["--channel", "2:2", "99:1"], ["channel 99:1", "has 4 blocks", "expected 0"]),
        (["--channel", "1:99"], ["channel 1:99", "has 4 blocks", "expected 0"]),
        (["--channel", "2"], ["--channel", "'2'"]), (["--channel=-1:2"], ["--channel", "'-1:2'"]),
        (["--channel"], ["--channel <k:j>"]),
        (["--channel", "2:2+4:2"], ["--channel 2:2+4:2", "after block 2 twice"]),
        (["--channel", "2:4+2:2"], ["--channel 2:4+2:2", "ascending"]),
        (["--channel", "2:2+2:99"], ["channel 2:2+2:99", "has 4 blocks", "expected 0"]),
        (
            ["--channel", "0:0+0:1+0:2+0:3+0:4+0:5+0:6+0:7+0:8"],
            ["9 blocks of B", "at most 8"]
        ),
        (["--channel", "2:2+4:4/ridge"], ["--channel 2:2+4:4/ridge", "--fit"]),
        (["--channel", "2:2/reverse"], ["--channel 2:2/reverse", "--reverse"]),
        (
            ["--channel", "2:2+4:4", "--experiments", "projection,similarity"],
            ["similarity", "2:2+4:4", "leave it out"]
        ),
        (
            ["--channel", "2:2+4:4", "--experiments", "squad", "--projection", "w.safetensors"],
            ["--projection: 1 file for 2 channels (2:2, 4:4)"]
        ),
        (
            ["--channel", "2:2", "4:4", "--training", "averaged"],
            ["--training averaged", "the run has 2: 2:2, 4:4", "use --training by-outputs"]
        ),
    ])
    func `channels that cannot be are refused with what to do, before any work`(
        flags: [String], named: [String]
    ) throws {
        var arguments = ChannelRun.arguments(output: output, channels: [], ["--workers", "1"])
        arguments.remove(at: try #require(arguments.firstIndex(of: "--channel")))
        let ending = try ProgramProcess.run("coordinator", arguments + flags, in: scratch)
        #expect(ending.code == 2, "\(ending.errors)")
        for words in named { #expect(ending.errors.contains(words), "\(ending.errors)") }
        #expect(!FileManager.default.fileExists(atPath: output.appendingPathComponent("journal").path))
    }
}
