import Run
import Testing

/// How long a whole run still takes, from what was expected of its stages and what was measured.
struct RemainingTimeTests {
    private static let (extract, train, squad) = (Stage.extract, Stage.train, Stage.evaluate(task: "squad"))
    private static let expected = [extract: 10.0, train: 20.0, squad: 40.0]

    private func stage(_ stage: Stage, _ done: Int, of total: Int, in seconds: Double = 0) -> StageStatus {
        StageStatus(
            stage: stage, unitsDone: done, unitsTotal: total, seconds: seconds,
            rate: done > 0 && seconds > 0 ? Double(done) / seconds : nil, etaSeconds: nil)
    }

    @Test func `before any work it is what was expected`() {
        let stages = [stage(Self.extract, 0, of: 5), stage(Self.train, 0, of: 100), stage(Self.squad, 0, of: 8)]
        #expect(stages.remainingSeconds(expecting: Self.expected) == 70)
        #expect([StageStatus]().remainingSeconds(expecting: [:]) == 0)
    }

    @Test func `what is at work goes on at its rate, what comes later as much slower than expected as that`() {
        // Half of the first stage took 15 s in place of 5: the rest is taken to be three times as slow.
        let stages = [
            stage(Self.extract, 5, of: 10, in: 15), stage(Self.train, 0, of: 100), stage(Self.squad, 0, of: 8),
        ]
        #expect(abs((stages.remainingSeconds(expecting: Self.expected) ?? 0) - (15 + 3 * 60)) < 1e-9)
        // Two stages tell by the time that they took.
        let later = [
            stage(Self.extract, 10, of: 10, in: 30), stage(Self.train, 50, of: 100, in: 10),
            stage(Self.squad, 0, of: 8),
        ]
        #expect(abs((later.remainingSeconds(expecting: Self.expected) ?? 0) - (10 + 40 * 2)) < 1e-9)
    }

    @Test func `the unit of what was expected does not matter once something was measured`() {
        let stages = [
            stage(Self.extract, 5, of: 10, in: 15), stage(Self.train, 0, of: 100), stage(Self.squad, 0, of: 8),
        ]
        let thousands = Self.expected.mapValues { $0 * 1024 }
        #expect(stages.remainingSeconds(expecting: thousands) == stages.remainingSeconds(expecting: Self.expected))
    }

    @Test func `what an earlier session did takes no time again, and tells nothing`() {
        let stages = [stage(Self.extract, 10, of: 10), stage(Self.train, 25, of: 100), stage(Self.squad, 8, of: 8)]
        #expect(stages.remainingSeconds(expecting: Self.expected) == 15)
    }

    @Test func `of a stage of which nothing is known there is no whole`() {
        let stages = [stage(Self.extract, 5, of: 10, in: 15), stage(Self.train, 0, of: 100)]
        #expect(stages.remainingSeconds(expecting: [Self.extract: 1]) == nil)
        #expect([stage(Self.extract, 10, of: 10, in: 1)].remainingSeconds(expecting: [:]) == 0)
    }
}
