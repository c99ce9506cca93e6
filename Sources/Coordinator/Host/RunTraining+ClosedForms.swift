import Projection
import Run

extension RunTraining {
    /// The W's in closed form of all lines, from the sums of all texts.
    /// - Parameter results: of the units of sums.
    func closedForms(_ results: [UnitID: UnitResult]) throws -> [TrainedProjection] {
        try inputs.fittedLines.enumerated().flatMap { place, line in
            let units = inputs.sumsUnits(ofLine: place)
            let forms = try ClosedForms(
                learned: sums(units.learned, results), chosenOn: sums(units.chosenOn, results))
            return try inputs.plan.channels.filter { $0.line == line && $0.fit.isClosedForm }.map { channel in
                var projection = TrainedProjection(channel, try forms.map(channel.fit), inputs)
                if isShared { projection.trainer.share() }
                return projection
            }
        }
    }

    /// Added in the units' order.
    private func sums(_ units: Range<Int>, _ results: [UnitID: UnitResult]) -> ActivationSums {
        var sums = ActivationSums(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
        for unit in units {
            if case .sums(let result) = results[UnitID(.sums, unit)] { sums.add(result) }
        }
        return sums
    }
}
