import Run
import TestSupport
import Testing
import WorkerEngine

/// What a worker's engine keeps between units, and what it says where something is missing.
struct UnitEngineTests {
    private let engine: EngineUnderTest

    init() throws {
        engine = try EngineUnderTest(.shipped, seed: 42)
    }

    private func error(_ work: () throws -> Void) -> (any Error)? {
        do {
            try work()
            return nil
        } catch {
            return error
        }
    }

    private func isUnprepared(_ work: () throws -> Void) -> Bool {
        (error(work) as? EngineError)?.isUnprepared ?? false
    }

    @Test func `an engine that joined no run says that no models are loaded`() {
        let error = error { try engine.similarity(w: nil, version: nil) }
        #expect(error as? EngineError != nil && "\(error!)" == "no models are loaded")
    }

    @Test func `joining tells each model's own fingerprint, the same every time`() throws {
        let first = try engine.join(k: 4, j: 4, operation: "replace")
        let second = try engine.join(k: 2, j: 3, operation: "sum")
        #expect(first == second && first.a != first.b && first.a.count == 64)
        let same = try engine.join(k: 4, j: 4, operation: "replace", modelB: ReferencePair.shipped.modelA)
        #expect(same.a == first.a && same.b == first.a)
    }

    @Test func `a model folder that is not there is named`() throws {
        let missing = try TemporaryFolder().file("nothing").path
        let error = error { try engine.join(k: 4, j: 4, operation: "replace", modelB: missing) }
        #expect(error.map { "\($0)".contains(missing) } == true)
    }

    @Test func `W serves later units until the worker joins another run`() throws {
        try engine.join(k: 4, j: 4, operation: "replace")
        #expect(isUnprepared { try engine.similarity(w: nil, version: 3) })
        try engine.similarity(w: engine.w, version: 3)
        try engine.similarity(w: nil, version: 3)
        #expect(isUnprepared { try engine.similarity(w: nil, version: 4) })
        try engine.join(k: 4, j: 4, operation: "replace")
        #expect(isUnprepared { try engine.similarity(w: nil, version: 3) })
    }

    @Test func `a W of another width and a layer beyond the models are refused, not taken`() throws {
        try engine.join(k: 4, j: 4, operation: "replace")
        // One column more would be a bias.
        let wide = FloatMatrix(zeros: 96, 130)
        #expect(error { try engine.similarity(w: wide, version: 1) }.map { "\($0)".contains("130") } == true)
        let layer = error { try engine.similarity(w: engine.w, version: 1, layer: 5) }
        #expect(layer.map { "\($0)".contains("activation site 5") } == true)
    }

    @Test func `texts that the worker read itself need not be sent to it for training`() throws {
        let texts = ["Clara plays the harp.", "So", "One day, Tim found a"]
        let streams = try engine.streams(of: texts, k: 4, j: 2, maximumTokens: 24)
        let kept = try engine.squaredError(ofTexts: [2, 0])

        let other = try EngineUnderTest(.shipped, seed: 42)
        try other.join(k: 4, j: 2, operation: "replace")
        #expect(isUnprepared { _ = try other.squaredError(ofTexts: [2, 0]) })
        let sent = try other.squaredError(
            ofTexts: [2, 0], sent: (a: [streams.a[2], streams.a[0]], b: [streams.b[2], streams.b[0]]))
        #expect(kept == sent)

        // By the definition: the sum over the texts of |W·a − b|².
        let defined = [2, 0].reduce(0.0) { sum, text in
            sum
                + (0..<engine.w.rows).reduce(0.0) { sum, output in
                    let prediction = zip(engine.w[row: output], streams.a[text]).reduce(0.0) {
                        $0 + Double($1.0) * Double($1.1)
                    }
                    let error = prediction - Double(streams.b[text][output])
                    return sum + error * error
                }
        }
        #expect(abs(kept - defined) < 1e-5 * defined)
    }
}
