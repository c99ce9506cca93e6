/// What a worker returns for a unit: a function of the unit alone, bit for bit.
package enum UnitResult: Hashable, Sendable {
    case parity(ParityResult)
    case extract(ExtractResult)
    case train(TrainResult)
    case trainOutputs(TrainOutputsResult)
    case sums(SumsResult)
    case similarity(SimilarityResult)
    case evaluate(EvaluateResult)
}
