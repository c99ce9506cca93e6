import Devices
import Generation
import Run

/// The second endpoint of an evaluation: how likely the right answers are, without anything being decoded.
extension UnitEngine {
    /// Adds to each answer what its model gives the golds, teacher-forced, and how far the first token's distribution is
    /// from the unit's references. Each model reads all of its questions together.
    func addLikelihoods(to answers: inout [Answer], _ questions: [Question], of unit: EvaluateUnit) throws {
        let perItem = unit.conditions.count
        for ofA in [true, false] {
            let chosen = questions.indices.filter { questions[$0].isA == ofA }
            guard let model = chosen.first.map({ questions[$0].model.model }) else { continue }
            let requests = try chosen.map { try request(questions[$0], golds: unit.items[$0 / perItem].golds) }
            var firstTokens = FirstTokens(item: 0, conditions: perItem)
            var divergences: [Int: [Double]] = [:]
            func end(_ item: FirstTokens) {
                for (condition, found) in self.divergences(in: item, of: unit) {
                    divergences[item.item * perItem + condition] = found
                }
            }
            let areAsked = !ofA && unit.conditions.contains(where: unit.hasDivergences)
            let sums = try Generator(model: model, maximumBatch: device.standardBatch).likelihoods(
                requests,
                firstToken: areAsked
                    ? { place, logits in
                        let (item, condition) = chosen[place].quotientAndRemainder(dividingBy: perItem)
                        if item != firstTokens.item {
                            end(firstTokens)
                            firstTokens = FirstTokens(item: item, conditions: perItem)
                        }
                        firstTokens.add(logits, of: condition)
                    } : nil)
            end(firstTokens)
            for (question, (request, sums)) in zip(chosen, zip(requests, sums)) {
                answers[question].golds = zip(request.continuations, sums).map {
                    GoldLikelihood(whole: $1, tokens: $0.count)
                }
            }
            for (question, found) in divergences { answers[question].divergences = found }
        }
    }

    /// The logits of the first token under each condition of an item that B answers.
    private struct FirstTokens {
        let item: Int
        /// At most.
        private let conditions: Int
        /// By condition.
        private(set) var rows: [Int: Int] = [:]
        private(set) var logits: [Float] = []

        init(item: Int, conditions: Int) { (self.item, self.conditions) = (item, conditions) }

        mutating func add(_ logits: [Float], of condition: Int) {
            if rows.isEmpty { self.logits.reserveCapacity(conditions * logits.count) }
            rows[condition] = rows.count
            self.logits += logits
        }
    }

    /// Of each condition that has them, from each of the unit's references: the mean over the reference's conditions.
    private func divergences(in item: FirstTokens, of unit: EvaluateUnit) -> [Int: [Double]] {
        guard !item.rows.isEmpty else { return [:] }
        let asked = item.rows.filter { unit.hasDivergences(unit.conditions[$0.key]) }
        let pairs = asked.mapValues { own in
            unit.references.map { $0.compactMap { item.rows[$0] }.map { RowPair(min(own, $0), max(own, $0)) } }
        }
        // None from itself, and from each other once.
        let distinct = Array(Set(pairs.values.joined().joined()).filter { $0.first != $0.second })
        let found = device.distributions.divergences(
            of: distinct, among: item.logits, vocabulary: item.logits.count / item.rows.count)
        let divergence = Dictionary(uniqueKeysWithValues: zip(distinct, found))
        return pairs.mapValues { references in
            zip(references, unit.references).map { pairs, places in
                pairs.reduce(0) { $0 + (divergence[$1] ?? 0) } / Double(places.count)
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
}
