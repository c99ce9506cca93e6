import Run

/// Training W by its rows: blocks of them are units that depend on one another in nothing. Each reads A's
/// activations of all texts, which travel ahead of a worker's first block, in parts.
extension RunControl {
    /// The rows whose activations a worker lacks for a unit, in parts; noting that it holds them from then on.
    ///
    /// A part travels whole where any of its rows is missing. What is lost on the way the worker misses when it comes
    /// to the unit, and says so.
    mutating func missingParts(for unit: UnitID, at place: Int) -> [Range<Int>] {
        guard unit.stage == .train, case .blocks(_, let schedule) = currentStage?.cut else { return [] }
        let size = Self.rowsPerPart(schedule)
        var parts: [Range<Int>] = []
        for first in stride(from: 0, to: schedule.rowCount, by: size) {
            let part = first..<min(first + size, schedule.rowCount)
            let lacking = part.filter {
                !workers[place].supplies.rows.contains($0) && !workers[place].supplies.rowsOfA.contains($0)
            }
            guard !lacking.isEmpty else { continue }
            for row in lacking { workers[place].supplies.rowsOfA.insert(row) }
            parts.append(part)
        }
        return parts
    }

    /// As many rows as an extraction's unit reads, or so many more that there are at most 1,024 parts: what the
    /// transport holds for a worker without being told to wait.
    static func rowsPerPart(_ schedule: TrainingSchedule) -> Int {
        32 * max(1, (schedule.rowCount + 32 * 1024 - 1) / (32 * 1024))
    }

    /// W is whole: it has taken all steps of its training.
    mutating func finishBlocks() {
        guard case .blocks(_, let schedule) = currentStage?.cut else { return }
        stepsApplied = schedule.steps
        firstReplayable = stepsApplied
    }
}
