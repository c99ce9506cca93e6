import Generation
import Run

/// The second endpoint of an evaluation: how likely the right answers are, without anything being decoded.
extension UnitEngine {
    /// Adds to each answer what its model gives the golds, teacher-forced, and how far the first token's distribution is
    /// from the unit's references.
    ///
    /// Item by item: the distributions of all its conditions are held together.
    func addLikelihoods(to answers: inout [Answer], _ questions: [Question], of unit: EvaluateUnit) throws {
        let perItem = unit.conditions.count
        for (place, item) in unit.items.enumerated() {
            let asked = place * perItem..<(place + 1) * perItem
            var distributions: [Int: TokenDistribution] = [:]
            for ofA in [true, false] {
                let chosen = asked.filter { questions[$0].isA == ofA }
                let requests = try chosen.map { try request(questions[$0], golds: item.golds) }
                guard let model = chosen.first.map({ questions[$0].model.model }) else { continue }
                let sums = try Generator(model: model, maximumBatch: Self.decodingBatch).likelihoods(requests) {
                    if !ofA { distributions[chosen[$0] - asked.lowerBound] = TokenDistribution(logits: $1) }
                }
                for (question, (request, sums)) in zip(chosen, zip(requests, sums)) {
                    answers[question].golds = zip(request.continuations, sums).map {
                        GoldLikelihood(whole: $1, tokens: $0.count)
                    }
                }
            }
            for (condition, question) in zip(unit.conditions.indices, asked)
            where unit.hasDivergences(unit.conditions[condition]) {
                answers[question].divergences = Self.divergences(
                    of: condition, from: unit.references, distributions)
            }
        }
    }

    /// The same prompt as for the answer, unless a gold needs more room than that.
    private func request(_ question: Question, golds: [String]) throws -> LikelihoodRequest {
        let model = question.model
        let continuations = try model.tokens(ofGolds: golds, after: question.text)
        let longest = continuations.map(\.count).max() ?? 1
        let positions = model.folder.configuration.maximumPositions
        let tokens =
            question.prompt.tokens.count + longest <= positions
            ? question.prompt.tokens : try model.prompt(question.text, newTokens: longest).tokens
        return LikelihoodRequest(
            tokens: tokens, injections: question.injections.map { $0.cut(to: tokens.count) },
            continuations: continuations)
    }

    /// The mean over each reference's conditions.
    private static func divergences(
        of condition: Int, from references: [[Int]], _ distributions: [Int: TokenDistribution]
    ) -> [Double] {
        guard let own = distributions[condition] else { return [] }
        return references.map { places in
            places.reduce(0) { sum, place in sum + (distributions[place].map(own.divergence) ?? 0) }
                / Double(places.count)
        }
    }
}
