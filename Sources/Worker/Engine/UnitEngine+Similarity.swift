import Devices
import PlainText
import Run

extension UnitEngine {
    /// B's two continuations of the unit's prompt.
    func similarity(_ unit: SimilarityUnit) throws -> SimilarityResult {
        let (_, b, welcome) = try pair()
        let limits = GenerationLimits(maximumNewTokens: unit.newTokens)
        let spoken = try messagesOfA(
            on: [unit.prompt], at: [unit.layer], over: unit.channel, newTokens: unit.newTokens)
        guard let spoken = spoken[ExactText(unit.prompt)], let vectors = spoken.vectors.first else {
            throw EngineError.notLoaded
        }
        let prompt = try b.prompt(unit.prompt, newTokens: unit.newTokens, at: welcome.positions.b)
        let width = b.folder.configuration.hiddenSize
        let norms =
            welcome.delivery.matchesNorm
            ? try medianNorms(
                of: [unit.prompt], in: .b, at: [unit.layer],
                coordinates: min(vectors.first?.count ?? width, width),
                newTokens: unit.newTokens) : [:]
        let places = try places(of: prompt, in: unit.prompt, of: .b)
        let injection = Injection(
            site: ActivationSite(afterBlocks: unit.layer), vectors: vectors.suffix(places.count),
            by: welcome.delivery, norm: norms[ExactText(unit.prompt)]?.first, width: width,
            following: prompt.tokens.count - places.upperBound)
        let plain = Question(condition: 0, model: b, isA: false, prompt: prompt)
        let told = Question(
            condition: 1, model: b, isA: false, prompt: prompt, injections: [injection], told: spoken.told)
        // What is compared is what is written, thoughts among it.
        let answers = try answer([plain, told], choices: nil, limits: limits, thinks: false)
        return SimilarityResult(plain: WrittenText(answers[0]), injected: WrittenText(answers[1]))
    }
}
