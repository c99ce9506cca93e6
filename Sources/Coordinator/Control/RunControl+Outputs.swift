import Run

/// Training by outputs: blocks of them are units that depend on one another in nothing. Each reads A's activations of
/// all texts at its channel's site, or B's where W maps these, which travel ahead of a worker's first block of that site, in parts.
extension RunControl {
    /// The texts whose activations a worker lacks for a unit, in parts; noting that it holds them from then on.
    ///
    /// A part travels whole where any of its texts is missing. What is lost on the way the worker misses when it comes
    /// to the unit, and says so.
    mutating func missingParts(for unit: UnitID, at place: Int) -> [SiteTexts] {
        guard unit.stage == .train, case .outputs(_, let schedule) = currentStage?.cut,
            let channel = currentStage?.block(ofUnit: unit.index)?.channel
        else { return [] }
        let site = plan.trainedChannels[channel].source
        let size = Self.textsPerPart(schedule)
        var parts: [SiteTexts] = []
        for first in stride(from: 0, to: schedule.textCount, by: size) {
            let part = first..<min(first + size, schedule.textCount)
            if !workers[place].supplies.take(part, at: site).isEmpty {
                parts.append(SiteTexts(site: site, texts: Array(part)))
            }
        }
        return parts
    }

    /// As many texts as an extraction's unit reads, or so many more that there are at most 1,024 parts: what the
    /// transport holds for a worker without being told to wait.
    static func textsPerPart(_ schedule: TrainingSchedule) -> Int {
        32 * max(1, (schedule.textCount + 32 * 1024 - 1) / (32 * 1024))
    }

    /// The stage at work has made W's whole: they have taken all steps of their training, or, where there is none, the
    /// one that made them.
    mutating func finishProjections() {
        switch currentStage?.cut {
        case .outputs(_, let schedule): stepsApplied = schedule.steps
        case .ranges where isAtWork(.sums) && plan[.train] == nil: stepsApplied = 1
        default: return
        }
        firstReplayable = stepsApplied
    }
}
