import Evaluation
import Foundation
import ModelReading
import PlainText
import Run

/// Figures of another implementation that one of a run's models is compared with.
struct GivenReference: Sendable {
    var model: ModelSide
    /// nil where only a finished run's reports are made again.
    var reference: ModelReference?
    /// Units that it is cut into.
    var parts: Int
    /// What computed the figures; nil where the file does not say.
    var making: String?
}

extension RunInputs {
    /// Reads the references that the configuration names.
    /// - Throws: where a file cannot be read, or its figures cannot be the model's.
    static func references(
        _ configuration: RunConfiguration, _ models: [ReadableModel]
    ) throws -> [GivenReference] {
        let files = [(ModelSide.a, "--verify-a", configuration.verifyA), (.b, "--verify-b", configuration.verifyB)]
        return try zip(files, models).compactMap { named, model in
            let (side, flag, path) = named
            guard let path else { return nil }
            let file = try ModelReferenceFile(file: URL(fileURLWithPath: path))
            if let misfit = file.reference.misfit(of: model.folder.configuration) {
                throw HostError.otherReference(
                    flag: flag, file: path, model: side == .a ? configuration.modelA : configuration.modelB,
                    cause: misfit)
            }
            return GivenReference(
                model: side, reference: file.reference, parts: file.reference.partCount, making: file.making)
        }
    }

    /// Which reference a unit is of, and which part of it: all of A's, then of B's.
    private func part(_ unit: Int) -> (reference: GivenReference, part: Int)? {
        var part = unit
        for reference in references {
            if (0..<reference.parts).contains(part) { return (reference, part) }
            part -= reference.parts
        }
        return nil
    }

    /// The content of a unit; nil where there is none, or the figures are gone.
    func parityUnit(_ index: Int) -> ParityUnit? {
        guard let (given, part) = part(index), let reference = given.reference else { return nil }
        return ParityUnit(model: given.model, reference: reference.part(part))
    }

    /// Why a result cannot be an answer to the unit, or the model does not pass its gate; nil where it can be and does.
    func flaw(of result: ParityResult, unit index: Int) -> String? {
        guard let given = part(index)?.reference else { return "the run has no such comparison" }
        if let expected = parityUnit(index)?.reference.counts {
            let found = result.checks.reduce(into: [:]) { $0[$1.figure, default: 0] += $1.compared }
            guard found == expected, result.checks.allSatisfy({ (0...$0.compared).contains($0.failed) }) else {
                return "not every figure of the reference was compared"
            }
        }
        return ParityGate(given.model).flaw(in: result.checks, computeType: configuration.computeType)
    }

    /// What was found of a model, of all units together.
    func parity(of given: GivenReference, in results: [UnitID: UnitResult]) -> [ParityCheck] {
        (0..<references.reduce(0) { $0 + $1.parts }).flatMap { index -> [ParityCheck] in
            guard part(index)?.reference.model == given.model,
                case .parity(let result) = results[UnitID(.parity, index)]
            else { return [] }
            return result.checks
        }.merged
    }
}
