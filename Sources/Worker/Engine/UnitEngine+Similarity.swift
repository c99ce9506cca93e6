import Devices
import PlainText
import Run

extension UnitEngine {
    /// B's two continuations of the unit's prompt.
    func similarity(_ unit: SimilarityUnit) throws -> SimilarityResult {
        let (_, b, welcome) = try pair()
        let limits = GenerationLimits(maximumNewTokens: unit.newTokens)
        let spoken = try messagesOfA(
            on: [unit.prompt], at: unit.layer, over: unit.channel, newTokens: unit.newTokens)
        guard let spoken = spoken[ExactText(unit.prompt)] else { throw EngineError.notLoaded }
        let prompt = try b.prompt(unit.prompt, newTokens: unit.newTokens)
        let injection = injection(
            of: spoken.vector, at: unit.layer, by: Condition.Delivery(welcome.operation, strength: welcome.strength))
        let plain = Question(condition: 0, model: b, isA: false, prompt: prompt)
        let told = Question(condition: 1, model: b, isA: false, prompt: prompt, injection: injection, told: spoken.told)
        // What is compared is what is written, thoughts among it.
        let answers = try answer([plain, told], choices: nil, limits: limits, thinks: false)
        return SimilarityResult(plain: WrittenText(answers[0]), injected: WrittenText(answers[1]))
    }
}
