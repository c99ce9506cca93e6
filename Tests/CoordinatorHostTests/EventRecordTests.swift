import CoordinatorControl
import Foundation
import Run
import TestSupport
import Testing

@testable import CoordinatorHost

/// The record of a coordinator's decisions: run again, the same events have the same effects, and whatever was changed
/// in it is found.
struct EventRecordTests {
    private let temporary: TemporaryFolder
    private var file: URL { temporary.file("events.jsonl") }

    init() throws { temporary = try TemporaryFolder() }

    private static let plan = RunPlan(
        run: "run",
        stages: [
            StagePlan(.extract, .ranges(of: 4, size: 2)),
            StagePlan(
                .train, .steps(TrainingSchedule(textCount: 4, epochs: 1, batch: 4, shardTexts: 2, seed: 1)), channels: 1
            ),
        ], channels: [Channel(k: 1, j: 2)], fingerprintA: "a", fingerprintB: "b", dimensionA: 3, dimensionB: 5)

    /// A run with a local worker that is killed at work, recorded.
    private func record(limit: Int = EventRecorder.defaultLimit) throws -> EventRecorder {
        let beginning = RunControl.Beginning(
            plan: Self.plan, limits: RunLimits(), completed: [UnitID(.extract, 0): "d"], firstLease: 1 << 60,
            now: .seconds(1))
        let recorder = try EventRecorder(file, beginning: beginning, software: "1", limit: limit)
        var control = RunControl(beginning)
        var seconds = 1.0
        recorder.note(nil, at: .seconds(seconds), control.start(at: .seconds(seconds)))
        func registration(_ name: String, _ processID: Int32) -> Registration {
            Registration(softwareVersion: "1", worker: name, host: "h", processID: processID, deviceKind: "cpu")
        }
        let readiness = Readiness(fingerprintA: "a", fingerprintB: "b", capacity: 4)
        let (first, second) = (PeerID([1], isPrivate: true), PeerID([2], isPrivate: true))
        for event: RunControl.Event in [
            .localWorkers(1, host: "h", othersMayCome: false), .workerStarted(0, processID: 7),
            .message(first, .register(registration("v", 7))), .message(first, .ready(readiness)), .tick,
            .workerEnded(0, processID: 7, .signal(9)), .workerStarted(0, processID: 8),
            .message(second, .register(registration("w", 8))), .message(second, .ready(readiness)),
            .message(
                second,
                .result(run: "run", lease: LeaseID(1 << 60 + 1), unit: UnitID(.extract, 1), result: "digest")),
            .malformed(PeerID([3]), "noise"), .persisted(UnitID(.extract, 1)), .stageCompleted(.extract),
            .message(second, .goodbye(reason: "enough")), .interrupt,
        ] {
            seconds += 0.5
            recorder.note(event, at: .seconds(seconds), control.handle(event, at: .seconds(seconds)))
        }
        recorder.finish()
        return recorder
    }

    private func change(_ text: String, to other: String) throws {
        let content = try String(contentsOf: file, encoding: .utf8)
        #expect(content.contains(text))
        try content.replacing(text, with: other).write(to: file, atomically: true, encoding: .utf8)
    }

    @Test func `a record has the same effects when it is run again`() throws {
        #expect(try record().flaw == nil)
        let replay = try EventReplay(file)
        #expect(replay.difference == nil)
        #expect(replay.remark == nil)
        #expect(replay.eventCount == 15)
    }

    @Test func `an event that was changed is found where its effects differ`() throws {
        _ = try record()
        try change(#""signal":{"_0":9}"#, to: #""exitCode":{"_0":9}"#)
        let difference = try #require(try EventReplay(file).difference)
        #expect(difference.event == 6)
        #expect(difference.line == 8)
        #expect("\(difference)".contains("event 6 (line 8, 3.0 s: workerEnded(0"))
    }

    @Test func `effects that were changed are found`() throws {
        _ = try record()
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        let place = try #require(lines[4].firstRange(of: #""effects":""#)).upperBound
        lines[4].replaceSubrange(place...place, with: lines[4][place] == "0" ? "1" : "0")
        try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
        #expect(try EventReplay(file).difference?.line == 5)
    }

    @Test func `an event that is missing is found later`() throws {
        _ = try record()
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        lines.removeAll { $0.contains("persisted") }
        try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
        #expect(try EventReplay(file).difference != nil)
    }

    @Test func `a record that reaches its limit says so and stops`() throws {
        let recorder = try record(limit: 2500)
        #expect(recorder.flaw == "the record has reached its limit of 2500 bytes")
        #expect(try Data(contentsOf: file).count <= 2500)
        let replay = try EventReplay(file)
        #expect(replay.difference == nil)
        #expect(replay.remark == "the record has reached its limit of 2500 bytes")
        #expect((1..<15).contains(replay.eventCount))
    }

    @Test func `a last line that was cut off is passed over and said`() throws {
        _ = try record()
        try Data(contentsOf: file).dropLast(10).write(to: file)
        let replay = try EventReplay(file)
        #expect(replay.difference == nil)
        #expect(replay.remark == "its last line is cut off")
        #expect(replay.eventCount == 14)
    }

    @Test func `a file that is no record is refused with its name and line`() throws {
        try Data("{}\n".utf8).write(to: file)
        #expect { _ = try EventReplay(file) } throws: {
            "\($0)" == "\(file.path), line 1: expected the head of a record of events"
        }
        _ = try record()
        try change(#""workerStarted""#, to: #""workerStartled""#)
        #expect { _ = try EventReplay(file) } throws: {
            "\($0)".hasPrefix("\(file.path), line 4: expected an event")
        }
    }

    @Test func `a place that cannot be written is refused with its name`() {
        let beginning = RunControl.Beginning(plan: Self.plan, limits: RunLimits(), now: .seconds(0))
        let place = temporary.file("missing/events")
        #expect {
            _ = try EventRecorder(place, beginning: beginning, software: "1")
        } throws: {
            "\($0)".hasPrefix("--record-events \(place.path): ")
        }
    }
}
