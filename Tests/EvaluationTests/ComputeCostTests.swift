import Run
import Testing

@testable import Evaluation

/// Operations of Llama 3.2 3B telling Llama 3.1 8B, reckoned by hand (Python, from the formulas as the paper prints
/// them, and from the models' matrices).
struct ComputeCostTests {
    private let shape = PairShape(
        a: ModelShape(
            vocabulary: 128_256, width: 3072, blocks: 28, heads: 24, keyValueHeads: 8, headWidth: 128,
            feedForward: 8192),
        b: ModelShape(
            vocabulary: 128_256, width: 4096, blocks: 32, heads: 32, keyValueHeads: 8, headWidth: 128,
            feedForward: 14_336), isProjected: true)

    private func near(_ found: Double, _ expected: Double) -> Bool { abs(found - expected) < 1e-9 * expected }

    @Test func `a pass is the paper's formula`() {
        #expect(near(shape.a.paperPass(tokens: 100, blocks: 28), 496_710_950_400))
        #expect(near(shape.b.paperPass(tokens: 100, blocks: 32), 1_186_389_606_400))
    }

    @Test func `an activation costs a part of A once, and words cost A's whole for each of them`() {
        let told = Condition("injected", .b, reads: .b, told: .activation(of: .a))
        let cost = Cost(
            promptTokens: 100, newTokens: 5, passesOfA: Cost.Passes(count: 1, blocks: 26, tokens: 100),
            passesOfB: Cost.Passes(count: 5, blocks: 32, tokens: 104), messageBytes: 4 * 4096)
        let activation = shape.operations(of: cost, under: told)
        #expect(near(activation.paper, 7_522_678_433_024))
        let done: Double = 1_459_814_924_288 + 525_062_553_600 + 25_165_824
        #expect(near(activation.done, done))

        let words = Condition("written", .b, reads: .b, told: .words(of: .a, newTokens: 64))
        let written = Cost(
            promptTokens: 164, newTokens: 5, passesOfA: Cost.Passes(count: 64, blocks: 28, tokens: 163),
            passesOfB: Cost.Passes(count: 5, blocks: 32, tokens: 168))
        let language = shape.operations(of: written, under: words)
        #expect(near(language.paper, 53_355_137_679_360))
        // Under a quarter of the compute, the paper claims.
        #expect(activation.paper < language.paper / 4)
    }

    @Test func `a model alone takes its own passes, and B's own message B's`() {
        let alone = shape.operations(
            of: Cost(promptTokens: 100, passesOfA: Cost.Passes(count: 1, blocks: 28, tokens: 100)),
            under: Condition("a_full", .a, reads: .both))
        let pass: Double = 157_600_972_800 + 496_710_950_400
        #expect(near(alone.paper, pass))
        let own = shape.operations(
            of: Cost(
                promptTokens: 100, passesOfB: Cost.Passes(count: 1, blocks: 32, tokens: 100),
                passesOfBForMessage: Cost.Passes(count: 1, blocks: 16, tokens: 100)),
            under: Condition("self", .b, reads: .b, told: .own(of: .a)))
        // Head and blocks of the answer, then the embedding and half of the blocks for the message.
        let passes: Double = 210_134_630_400 + 1_186_389_606_400 + 105_067_315_200 + 593_194_803_200
        #expect(near(own.paper, passes))
    }
}
