import Projection
import Run

extension RunTraining {
    /// The W's in closed form of all lines, from the sums of all texts.
    /// - Parameter results: of the units of sums.
    func closedForms(_ results: [UnitID: UnitResult]) throws -> [TrainedProjection] {
        try inputs.fittedLines.enumerated().flatMap { place, line in
            let units = inputs.sumsUnits(ofLine: place)
            let (learned, chosenOn) = (sums(units.learned, results), sums(units.chosenOn, results))
            return try maps(of: inputs.plan.channels, on: line, learned, chosenOn)
                + maps(of: inputs.plan.reverseChannels, on: line, learned.reversed, chosenOn.reversed)
        }
    }

    /// Those of the channels that lie on a line, all of which map one way.
    private func maps(
        of channels: [Channel], on line: Channel, _ learned: @autoclosure () -> ActivationSums,
        _ chosenOn: @autoclosure () -> ActivationSums
    ) throws -> [TrainedProjection] {
        let channels = channels.filter { $0.line == line && $0.fit.isClosedForm }
        guard !channels.isEmpty else { return [] }
        let forms = try ClosedForms(learned: learned(), chosenOn: chosenOn())
        return try channels.map { channel in
            var projection = TrainedProjection(channel, try forms.map(channel.fit), inputs)
            if isShared, !channel.isReverse { projection.trainer.share() }
            return projection
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
