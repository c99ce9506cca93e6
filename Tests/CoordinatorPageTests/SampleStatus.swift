import Run

/// A status with something of everything, in texts that mean something to whoever reads them wrongly.
enum SampleStatus {
    static let hostile = "a\"b\\c\n<script>alert(1)</script>\u{0}"

    static func status(
        workers: Int = 2, step: Int = 7, loss: Double? = 0.5, items: Int = 9, phase: RunStatus.Phase = .running
    ) -> RunStatus {
        RunStatus(
            run: "run", phase: phase, elapsedSeconds: 12.5, etaSeconds: 60,
            stages: [
                StageStatus(
                    stage: .train, unitsDone: step, unitsTotal: 1 << 20, counted: "steps", seconds: 1, rate: 2.5,
                    etaSeconds: 4),
                StageStatus(
                    stage: .evaluate(task: "squad"), unitsDone: 0, unitsTotal: 4, counted: "answers", done: 0,
                    underWay: 3, total: 40, seconds: 0, rate: nil, etaSeconds: nil),
            ],
            scores: [
                RunningScore(
                    stage: .evaluate(task: "squad"), channel: Channel(k: 4, j: 5), items: items, itemsTotal: 100,
                    contrast: "CAG", metric: "f1", mean: 11, low: 2, high: 20, better: 5, worse: 1,
                    conditions: [
                        .init(condition: "injected", mean: 31, low: 20, high: 40),
                        .init(condition: "other", mean: 20, low: 11, high: 30),
                    ])
            ], loss: loss, trainingBytesPerStep: 4096,
            workers: (0..<workers).map { number in
                WorkerStatus(
                    worker: "w\(number) \(hostile)", host: "h", processID: 1, deviceKind: "cpu", state: .working,
                    unitsDone: number, leases: 1, unit: "squad/1", unitShare: 0.5, memoryBytes: 1 << 20, rate: 1,
                    lastHeardSeconds: 0.25, bytesIn: 10, bytesOut: 20)
            }, faults: [Fault(atSeconds: 1, worker: "w", what: hostile)], faultCount: 1)
    }
}
