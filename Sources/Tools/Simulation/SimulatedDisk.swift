import Run

/// What a coordinator finds when it comes back: records in the order in which they were written, and the training's
/// last checkpoint.
struct SimulatedDisk {
    private(set) var records: [(unit: UnitID, digest: String)] = []
    /// Records that are sure to be there after a crash.
    private(set) var committedCount = 0
    /// Steps applied and W at the last checkpoint.
    var checkpoint: (step: Int, projection: UInt64) = (0, SimulatedMath.initialProjection)

    mutating func append(_ unit: UnitID, _ digest: String) {
        records.append((unit, digest))
    }

    mutating func commit() -> [UnitID] {
        defer { committedCount = records.count }
        return records[committedCount...].map(\.unit)
    }

    /// A crash: of what was not committed a part is there, and the next record is torn.
    mutating func crash(_ random: inout NamedGenerator) {
        let loose = records.count - committedCount
        if loose > 0 { records.removeLast(loose - random.index(below: loose)) }
        committedCount = records.count
    }

    /// The units that a coordinator which comes back finds done: of two records of a unit the first counts.
    var completed: [UnitID: String] {
        Dictionary(records.map { ($0.unit, $0.digest) }, uniquingKeysWith: { first, _ in first })
    }
}
