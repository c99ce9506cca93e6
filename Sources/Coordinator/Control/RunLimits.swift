/// How patient a run is.
package struct RunLimits: Codable, Hashable, Sendable {
    /// A worker sends something at least this often.
    package var heartbeatSeconds = 1.0
    /// A worker that was not heard for so long is taken for lost.
    package var silenceSeconds = 10.0
    /// A unit that failed on so many different workers ends the run, or so often where nobody else is there to try it.
    package var failuresPerUnit = 3
    /// A worker that failed so many units that others did is put aside.
    package var refutedFailures = 3
    /// A unit whose worker died while it worked on it so often ends the run.
    package var lossesPerUnit = 5
    /// Processes that are started, within so many seconds, in the place of local workers that crashed or hung.
    package var workerRestarts = 8
    package var restartSeconds = 600.0
    /// A worker that is not ready so long after it registered is given up.
    package var loadingSeconds = 3600.0
    /// Workers that are registered and not ready yet; of the address that has most of them the one that has been so
    /// longest makes room for another.
    package var loadingWorkers = 2048
    /// Units that a worker holds at a time in a stage of independent units: one at work, one waiting.
    package var leasesPerWorker = 2
    /// Units that a worker holds at most where they ask for answers, unless it says that it takes fewer: it works on them
    /// together.
    package var answersPerWorker = 16
    /// Shards that a worker holds at a time in training.
    package var shardsPerWorker = 8
    /// Workers, the lost ones included, that a run keeps account of.
    package var workers = 4096
    /// Faults that are kept to be shown.
    package var faults = 100
    /// Bytes of a fault's text.
    package var faultBytes = 2_000
    /// Peers whose repeated faults are counted apart; those of all others are counted together.
    package var faultCauses = 64
    /// A unit is given to a second worker when a worker has nothing to do and the unit takes so many times the
    /// stage's mean, and at least ``stragglerSeconds``; where the stage has no answer yet to tell a mean from,
    /// ``unmeasuredSeconds``.
    package var stragglerFactor = 3.0
    package var stragglerSeconds = 1.0
    package var unmeasuredSeconds = 60.0
    /// A worker that is at a unit for so many times the stage's mean, and at least ``hangSeconds``, is taken to hang,
    /// also where its heartbeats go on; where the stage has no answer yet, ``unmeasuredHangSeconds``.
    package var hangFactor = 20.0
    package var hangSeconds = 300.0
    package var unmeasuredHangSeconds = 3600.0
    /// Seconds for every unit in place of those.
    package var unitSeconds: Double?
    /// Workers that hold the same unit at a time, each of the later ones because those before were too slow.
    package var holdersPerUnit = 8
    /// A worker so many times slower than the fastest gets no unit that others would finish sooner.
    package var slownessFactor = 3.0
    /// After so many seconds without an answer a worker is no longer taken to be as slow as it was.
    package var paceSeconds = 30.0
    /// Steps of training that a worker may be behind to take them itself from their shards, which the host keeps
    /// for that; 0 sends W whole each time.
    package var replaySteps = 32
    /// At least so many seconds pass between two checkpoints of a training.
    package var checkpointSeconds = 5.0
    /// The host whose workers can read W in the coordinator's memory; nil where it is not to be found there.
    package var sharingHost: String?
    /// Workers of that host that are given shards of a step at the same time: as many as have cores to themselves.
    /// Fewer passes over W, with more rows each, cost less there than more workers.
    package var sharingWorkers = Int.max
    /// A worker that so often lacks what it was thought to hold is not excused any more: its units have failed.
    package var resetsPerWorker = 100
    /// The share of the units answered by workers from elsewhere that count only once two workers, or one of the
    /// coordinator's own, have given the same answer. Below 1 a unit goes without where nobody else is there.
    package var verifiedShare = 0.01
    /// Draws them: a number that no worker knows.
    package var verificationSeed: UInt64 = 0
    /// So many different answers to a unit end the run.
    package var answersPerUnit = 5
    /// Whether workers of different device kinds may take part; then a result may depend on who computed it.
    package var allowsMixedDevices = false

    package init() {}
}
