import Projection
import Run

extension RunTraining {
    /// The W's in closed form of all lines, from the sums of all texts: line after line, so that no more than one line's
    /// sums are in memory.
    /// - Parameter read: a unit's sums.
    func closedForms(_ read: (UnitID) throws -> SumsResult?) throws -> [TrainedProjection] {
        let parts = Array(inputs.sumsParts.enumerated())
        return try inputs.fittedLines.flatMap { line -> [TrainedProjection] in
            let own = parts.filter { $0.element.belongs(to: line) }
            /// Added in the units' order.
            func sums(_ units: (Int) -> Range<Int>) throws -> ActivationSums {
                var sums = ActivationSums(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB)
                for (place, part) in own {
                    for unit in units(place) {
                        if let result = try read(UnitID(.sums, unit)) { sums.add(result, of: part) }
                    }
                }
                return sums
            }
            let learned = try sums { inputs.sumsUnits(ofPart: $0).learned }
            let chosenOn = try sums { inputs.sumsUnits(ofPart: $0).chosenOn }
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
}
