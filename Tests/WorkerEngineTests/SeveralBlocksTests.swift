import CPUDevice
import Evaluation
import Run
import Testing

@testable import WorkerEngine

/// A message that is written at several blocks at once. What B then says is transformers' word: ``SiteReferenceTests``.
struct SeveralBlocksTests {
    private let engine: UnitEngine

    init() throws {
        engine = UnitEngine(device: try CPUDevice(threads: 1))
    }

    private func join(_ modelA: String, _ modelB: String, _ delivery: Condition.Delivery) throws {
        _ = try engine.load(
            Welcome(
                run: "blocks", modelA: modelA, modelB: modelB, delivery: delivery, positions: TokenPositions(),
                computeType: .bfloat16, seed: 1, heartbeatSeconds: 1, silenceSeconds: 10))
    }

    private static let text = "Question: Who painted it?\nAnswer:"

    private func answers(
        _ conditions: [Condition], over channel: Channel, projection: FloatMatrix? = nil
    ) throws -> [Answer] {
        let unit = EvaluateUnit(
            task: "t", channel: channel, conditions: conditions,
            items: [
                EvaluationItem(
                    id: "1", prompts: [.a: Self.text, .other(0): Self.text, .b: Self.text],
                    golds: [" a man", " nobody"])
            ], form: .text(GenerationLimits(maximumNewTokens: 6)), endpoints: [.answers, .likelihood])
        let granted = projection.map {
            GrantedProjection(channel: channel, version: 1, supply: .whole($0, moments: nil))
        }
        let result = try engine.execute(
            Grant(lease: LeaseID(1), id: UnitID(.evaluate(task: "t"), 0), unit: .evaluate(unit), projection: granted))
        guard case .evaluate(let found) = result else { return [] }
        return found.items[0].answers
    }

    private static let silent = Condition("silent", .b, reads: .b)
    private static let injected = Condition("injected", .b, reads: .b, told: .activation(of: .a))
    private static let itself = Condition("self", .b, reads: .b, told: .own(of: .b))

    @Test(arguments: ["1:1+3:3", "0:0+1:1+2:2+3:3+4:4"])
    func `of one model and one prompt, read where it is written, no bit is changed at any of the blocks`(
        channel: String
    ) throws {
        try join(ReferencePair.shipped.modelB, ReferencePair.shipped.modelB, .init(.replace))
        let found = try answers([Self.silent, Self.injected, Self.itself], over: try #require(Channel(channel)))
        for answer in found {
            #expect(answer.tokens == found[0].tokens && answer.golds == found[0].golds)
        }
        #expect(!found[0].golds.isEmpty && !found[0].tokens.isEmpty)
    }

    @Test func `gates hold over a channel of several blocks, also where A is read twice at one`() throws {
        try join(ReferencePair.shipped.modelA, ReferencePair.shipped.modelB, .init(.sum, strength: 3))
        for channel in ["2:1+4:3", "2:1+2:3", "4:1+0:4"] {
            for gate in Gate.all {
                let found = try answers([gate.condition, gate.reference], over: try #require(Channel(channel)))
                #expect(
                    found[0].golds == found[1].golds && found[0].tokens == found[1].tokens, "\(gate.name) \(channel)")
            }
        }
    }

    @Test func `each block has its own W, and the cost is that of the deepest reading and of all vectors`() throws {
        try join(ReferencePair.shipped.modelA, ReferencePair.shipped.modelB, .init(.sum))
        let (a, b, _) = try engine.pair()
        let (ofA, ofB) = (a.folder.configuration.hiddenSize, b.folder.configuration.hiddenSize)
        let zero = FloatMatrix(zeros: ofB, ofA)
        let one = FloatMatrix(
            rows: ofB, columns: ofA, values: (0..<ofA * ofB).map { Float($0 % 13) / 200 - 0.03 })
        let (first, second) = (Channel(k: 2, j: 1), Channel(k: 4, j: 3))
        let both = try #require(Channel("2:1+4:3"))
        func answer(_ channel: Channel, _ w: [FloatMatrix]) throws -> Answer {
            try answers([Self.injected], over: channel, projection: FloatMatrix(stacking: w))[0]
        }
        // Zeros that are added change nothing: what is left is the other block's message.
        #expect(try answer(both, [one, zero]).golds == answer(first, [one]).golds)
        #expect(try answer(both, [zero, one]).golds == answer(second, [one]).golds)
        let found = try answer(both, [one, one])
        #expect(try found.golds != answer(first, [one]).golds && found.golds != answer(second, [one]).golds)
        #expect(found.cost.passesOfA.count == 1 && found.cost.passesOfA.blocks == 4)
        #expect(found.cost.messageBytes == 2 * 4 * ofB)
        #expect(throws: EngineError.self) {
            try answers([Self.injected], over: both, projection: FloatMatrix(zeros: ofB + 1, ofA))
        }
    }
}
