extension [StageStatus] {
    /// Seconds to the end of all stages; nil where nothing is known of one of them.
    ///
    /// What is at work goes on at its own rate. What has not begun takes what was expected of it, times how much longer, or
    /// shorter, than expected the stages took that have been at work: so `expected` may be in any unit once one of them has.
    /// - Parameter expected: of whole stages, in seconds as far as none of them has been at work.
    package func remainingSeconds(expecting expected: [Stage: Double]) -> Double? {
        var (taken, foreseen) = (0.0, 0.0)
        for stage in self where stage.unitsTotal > 0 {
            guard let rate = stage.rate, let whole = expected[stage.stage] else { continue }
            taken += stage.seconds
            foreseen += whole * rate * stage.seconds / Double(stage.unitsTotal)
        }
        let factor = foreseen > 0 && taken > 0 ? taken / foreseen : 1
        var remaining = 0.0
        for stage in self where stage.unitsDone < stage.unitsTotal {
            let left = Double(stage.unitsTotal - stage.unitsDone)
            if let rate = stage.rate, rate > 0 {
                remaining += left / rate
            } else if let whole = expected[stage.stage] {
                remaining += factor * whole * left / Double(stage.unitsTotal)
            } else {
                return nil
            }
        }
        return remaining
    }
}
