import Run

/// What goes wrong in a simulated run, until ``lastingSeconds`` have passed; then all is well, so that a run that
/// does not end has a flaw of its own.
package struct Faults: Hashable, Sendable {
    /// Virtual seconds.
    package var lastingSeconds = 40.0

    // The network.
    /// Probability that a message is lost, arrives twice, or arrives as bytes that are no message.
    package var loss = 0.0
    package var duplication = 0.0
    package var corruption = 0.0
    /// Longest delay of a message, seconds; delays differ, so messages overtake one another.
    package var delay = 0.005
    /// Mean seconds between cuts, each of one worker from the coordinator for some seconds.
    package var cutEvery: Double?

    // Workers.
    /// Mean seconds between a worker's crashes; a crashed worker comes back as a new process.
    package var workerCrashEvery: Double?
    /// Mean seconds until a worker leaves politely; another process comes in its place.
    package var leaveEvery: Double?
    /// Share of the workers that are there from the beginning; the others come later.
    package var early = 1.0
    /// Probability that a worker hangs at a unit while its heartbeats go on, for ever.
    package var hang = 0.0
    /// Every third worker, not the first, takes so many times as long as the others.
    package var slowness = 1.0
    /// Probability that a unit fails, that it is answered twice, that it is answered wrongly.
    package var failure = 0.0
    package var repetition = 0.0
    package var wrongAnswer = 0.0
    /// So many of the last workers lie: that share of their answers is wrong, and looks right, each of its own kind.
    package var liars = 0
    package var lies = 0.8
    /// Whether one that was found out does not come again as another process.
    package var barsLiars = false
    /// Mean seconds between attacks of somebody who knows the protocol and the run: made-up names, kinds of device and
    /// readiness, answers to units that it was never given.
    package var attackEvery: Double?
    /// Probability that a worker's W drifts from the coordinator's as it takes a step itself.
    package var drift = 0.0

    // The coordinator.
    /// Mean seconds between its crashes, and the probability that it crashes between any two effects. It comes back
    /// from what is on disk; records that were not committed are there or not, the last one perhaps torn.
    package var coordinatorCrashEvery: Double?
    package var coordinatorCrash = 0.0

    package init() {}

    /// Some faults of every kind, each present or absent as the seed says.
    package static func mixed(seed: UInt64) -> Faults {
        var random = NamedGenerator(seed: seed, purpose: "faults")
        func chance(_ probability: Double) -> Bool { random.uniform() < probability }
        var faults = Faults()
        faults.lastingSeconds = 5 + 25 * random.uniform()
        if chance(0.4) { faults.loss = 0.1 * random.uniform() }
        if chance(0.4) { faults.duplication = 0.3 * random.uniform() }
        if chance(0.3) { faults.corruption = 0.05 * random.uniform() }
        if chance(0.5) { faults.delay = 0.5 * random.uniform() }
        if chance(0.3) { faults.cutEvery = 3 + 10 * random.uniform() }
        if chance(0.3) { faults.workerCrashEvery = 2 + 10 * random.uniform() }
        if chance(0.3) { faults.leaveEvery = 2 + 10 * random.uniform() }
        if chance(0.3) { faults.early = random.uniform() }
        if chance(0.3) { faults.hang = 0.05 * random.uniform() }
        if chance(0.3) { faults.slowness = chance(0.5) ? 100 : 20 }
        if chance(0.3) { faults.failure = 0.05 * random.uniform() }
        if chance(0.3) { faults.repetition = 0.2 * random.uniform() }
        if chance(0.1) { faults.wrongAnswer = 0.1 * random.uniform() }
        if chance(0.2) { faults.drift = 0.2 * random.uniform() }
        if chance(0.3) { faults.coordinatorCrashEvery = 2 + 8 * random.uniform() }
        if chance(0.3) { faults.coordinatorCrash = 0.01 * random.uniform() }
        if chance(0.2) { faults.attackEvery = 0.1 + random.uniform() }
        return faults
    }
}
