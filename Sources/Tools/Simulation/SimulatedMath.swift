import CoordinatorControl
import Run

/// Numbers that stand for results: equal inputs give equal numbers, different ones different numbers.
enum SimulatedMath {
    static let initialProjection: UInt64 = 0x5eed

    static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var z = (a &* 0x9e37_79b9_7f4a_7c15) ^ (b &+ 0x7f4a_7c15_9e37_79b9 &+ (a << 6) &+ (a >> 2))
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// The answer to a unit, given W where it needs one.
    static func answer(_ unit: UnitID, projection: UInt64?) -> UInt64 {
        mix(UInt64(unit.index) &+ UInt64(unit.stage.hashValueForSimulation) << 48, projection ?? 1)
    }

    /// W after a step: its shards go in by their index.
    static func step(_ projection: UInt64, shards: [UInt64]) -> UInt64 {
        shards.reduce(projection) { mix($0, $1) }
    }

    /// W before and after a training by its rows.
    static func projections(ofBlocks count: Int) -> [UInt64] {
        let blocks = (0..<count).map { answer(UnitID(.train, $0), projection: nil) }
        return [initialProjection, step(initialProjection, shards: blocks)]
    }

    /// W before each step of the training, and the final one.
    static func projections(of schedule: TrainingSchedule) -> [UInt64] {
        var projections = [initialProjection]
        for step in 0..<schedule.steps {
            let w = projections[step]
            let shards = (0..<schedule.shardCount(step: step)).map {
                answer(UnitID(.train, step * schedule.shardsPerStep + $0), projection: w)
            }
            projections.append(Self.step(w, shards: shards))
        }
        return projections
    }
}

extension Stage {
    /// A number that is the same in every process.
    fileprivate var hashValueForSimulation: Int {
        switch self {
        case .extract: 0
        case .train: 1
        case .similarity: 2
        case .evaluate: 3
        }
    }
}
