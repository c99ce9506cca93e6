import CoordinatorHost
import Run

/// Results as a fuzzed coordinator gets them: of the shape that a unit asks for, or of any.
extension FuzzedConversation {
    /// The runs of conversations: W by steps, by outputs over two channels, and units of similarity without a W.
    static let runs: [RunInputs] = {
        func simulated(_ channels: [Channel]) -> RunInputs {
            var configuration = RunConfiguration(modelA: "a", modelB: "b", channels: channels, experiments: [])
            configuration.training.rows = 7
            configuration.training.epochs = 2
            configuration.training.batch = 4
            configuration.training.shardRows = 2
            return RunInputs(
                simulated: configuration, dimensionA: 3, dimensionB: 5, textsPerUnit: 3, items: ["1", "2", "3"],
                itemsPerUnit: 2)
        }
        var similarity = RunConfiguration(
            modelA: "a", modelB: "b", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        similarity.similarity.layers = [0, 1]
        return [
            simulated([Channel(k: 1, j: 2)]), simulated([Channel(k: 1, j: 2), Channel(k: 3, j: 2)]),
            RunInputs(synthetic: similarity, activations: nil),
        ]
    }()

    /// What a worker might return for the unit, mostly right in shape and value.
    mutating func result(_ grant: Grant?) -> UnitResult {
        guard let grant, random.index(below: 6) > 0 else { return anyResult() }
        switch grant.unit {
        case .extract(let unit):
            func matrices(_ sites: [Int], _ width: Int) -> [FloatMatrix] {
                sites.map { _ in matrix(unit.texts.count, width) }
            }
            return .extract(
                ExtractResult(
                    a: matrices(unit.sitesOfA, inputs.dimensionA), b: matrices(unit.sitesOfB, inputs.dimensionB)))
        case .train(let unit):
            let zeros = FloatMatrix(
                zeros: unit.dense ? inputs.dimensionB : unit.texts.count,
                unit.dense ? inputs.dimensionA : inputs.dimensionB)
            return .train(
                TrainResult(
                    squaredErrorSum: 0, gradient: unit.dense ? .dense(zeros) : .factor(zeros),
                    outputErrors: unit.dense ? [Double](repeating: 0, count: inputs.dimensionB) : []))
        case .trainOutputs(let unit, _):
            return .trainOutputs(
                TrainOutputsResult(
                    w: FloatMatrix(zeros: unit.outputs.count, unit.dimensionA),
                    squaredErrorSums: [Double](repeating: 1, count: unit.schedule.shardTotal),
                    standardisedErrorSums: [Double](repeating: 1, count: unit.schedule.shardTotal)))
        case .sums(let unit):
            return .sums(SumsResult(products: (0..<unit.count).map { _ in value() }))
        case .parity(let unit):
            return .parity(ParityResult(checks: unit.reference.counts.map { ParityCheck($0, compared: $1) }))
        case .similarity: return .similarity(SimilarityResult(plain: WrittenText(), injected: WrittenText()))
        case .evaluate(let unit):
            let answers = ItemAnswers(answers: unit.conditions.map { _ in answer() })
            return .evaluate(EvaluateResult(items: unit.items.map { _ in answers }))
        }
    }

    /// The stage that a result is of.
    mutating func stage(of result: UnitResult) -> Stage {
        switch result {
        case .parity: .parity
        case .extract: .extract
        case .train, .trainOutputs: .train
        case .sums: .sums
        case .similarity: .similarity
        case .evaluate: .evaluate(task: random.index(below: 4) == 0 ? "no-such" : "simulated")
        }
    }

    private mutating func anyResult() -> UnitResult {
        let (rows, columns) = (random.index(below: 7), random.index(below: 7))
        switch random.index(below: 8) {
        case 0: return .extract(ExtractResult(a: [matrix(rows, columns)], b: [matrix(rows, columns)]))
        case 1:
            return .train(
                TrainResult(
                    squaredErrorSum: value(), gradient: .dense(matrix(rows, columns)),
                    outputErrors: (0..<rows).map { _ in value() }))
        case 2: return .train(TrainResult(squaredErrorSum: value(), gradient: .factor(matrix(rows, columns))))
        case 3:
            return .trainOutputs(
                TrainOutputsResult(
                    w: matrix(rows, columns), squaredErrorSums: (0..<rows).map { _ in value() },
                    standardisedErrorSums: (0..<columns).map { _ in value() }))
        case 4: return .sums(SumsResult(products: (0..<rows).map { _ in value() }))
        case 5: return .similarity(SimilarityResult(plain: WrittenText(answer()), injected: WrittenText(answer())))
        case 6:
            // What is no number is no difference: decoders refuse it, so no journal holds it.
            let largest = abs(value())
            return .parity(
                ParityResult(checks: [ParityCheck(.logits, compared: rows, largest: largest.isNaN ? 0 : largest)]))
        default:
            return .evaluate(
                EvaluateResult(
                    items: (0..<rows).map { _ in ItemAnswers(answers: (0..<columns).map { _ in answer() }) }))
        }
    }

    private mutating func matrix(_ rows: Int, _ columns: Int) -> FloatMatrix {
        FloatMatrix(rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(value()) })
    }

    /// Mostly a small number.
    private mutating func value() -> Double {
        let edges: [Double] = [0, -0.0, 1e38, -1e38, 1e300, .infinity, -.infinity, .nan, .leastNonzeroMagnitude]
        return random.index(below: 40) == 0 ? edges[random.index(below: edges.count)] : random.normal()
    }

    private mutating func answer() -> Answer {
        guard random.index(below: 6) == 0 else { return Answer() }
        let most = random.index(below: 2) == 0 ? 1 << 40 : 3
        return Answer(
            tokens: (0..<random.index(below: 4)).map { Int32($0) },
            text: String(repeating: "é", count: random.index(below: 9)),
            likelihoods: (0..<random.index(below: 2)).map { _ in -1 }, omittedPromptTokens: most,
            cost: Cost(promptTokens: most, newTokens: most, messageBytes: most),
            told: random.index(below: 2) == 0
                ? .words(String(repeating: "é", count: most & 7))
                : .vector(digest: String(repeating: "0", count: 64), norm: Double(most)))
    }
}
