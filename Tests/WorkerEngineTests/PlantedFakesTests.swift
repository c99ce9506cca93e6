import Evaluation
import Run
import TestSupport
import Testing

@testable import WorkerEngine

/// The audit of messages that say nothing of their items: none of them is called communication, and the shipped pair's
/// are.
struct PlantedFakesTests {
    /// The verdict on some of the demo's questions or word problems.
    private func audit(_ fake: EngineUnderTest.Fake?, task: String, count: Int = 48) throws -> TaskAudit {
        let engine = try EngineUnderTest(.shipped, seed: 42)
        return TaskAudit.of([try engine.scores(task, count: count, fake: fake)])[0]
    }

    @Test(arguments: ["squad", "gsm8k"])
    func `the shipped pair's messages are called communication`(task: String) throws {
        let audit = try audit(nil, task: task)
        #expect(audit.verdict == .communicates, "\(audit.evidence)")
        #expect(EvidenceLevel.reached(audit.evidence) == 6)
    }

    @Test(arguments: EngineUnderTest.Fake.allCases, ["squad", "gsm8k"])
    func `a fake is not called communication`(fake: EngineUnderTest.Fake, task: String) throws {
        let audit = try audit(fake, task: task)
        #expect([.noEvidence, .uninformative].contains(audit.verdict), "\(fake): \(audit.verdict)")
        let own = try #require(audit.test(.own, audit.headline)).score.difference
        if fake != .randomSpeaker {
            // The own message is any other's: nothing differs, to the last bit.
            #expect(own.score.mean == 0 && own.better == 0 && own.worse == 0)
            for name in ["js_other"] {
                let metric = try #require(audit.scores.metrics.first { $0.name == name })
                let injected = try #require(ConditionTable.standard.definition("injected")).condition
                #expect(audit.scores.score(injected, metric)?.mean == 0)
            }
        }
    }
}
