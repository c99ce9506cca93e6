import Foundation
import Fuzzing
import TestSupport
import Testing

/// A fixed corpus of changed bytes for every decoder. `swift run fuzz` tries more.
struct FuzzingTests {
    /// Decoders that an honest file passes by checksums or sizes alone, or of whose input every byte matters: hardly a
    /// changed one does.
    private static let strict: Set = ["journal", "training checkpoint", "status query", "small tokenizer.json"]

    private static func decoders() throws -> [FuzzedDecoder] {
        try FuzzedDecoder.all(
            models: ["linear-rope-tied", "llama3-rope-sharded"].map { Repository.fixture("Models/\($0)") },
            tokenizers: ["gpt2", "llama2", "llama3", "qwen", "flags-prepend"].map {
                Repository.fixture("Tokenizers/\($0)/tokenizer.json")
            })
    }

    @Test func `every decoder reads or refuses what it is given, in a line and in time`() throws {
        for decoder in try Self.decoders() where decoder.name != "conversation" {
            let tally = decoder.run(0..<400, seed: 1)
            #expect(tally.inputs == 400)
            #expect(tally.badErrors.isEmpty, "\(tally.badErrors)")
            #expect(tally.slowestSeconds < 5, "\(decoder.name), input \(tally.slowestInput), seed 1")
            // Some of what is changed is still to be read, and most is not, or the changes would test little.
            if !Self.strict.contains(decoder.name) {
                #expect((4...396).contains(tally.read), "\(decoder.name): \(tally.read) of 400 were read")
            }
        }
    }

    @Test
    func `twenty thousand well-formed messages, and journals of such records, break no promise of the coordinator's`() {
        let tally = FuzzedConversation.run(0..<100, seed: 1)
        #expect(tally.violations.isEmpty, "\(tally.violations.prefix(5))")
        #expect(tally.messages >= 20_000)
        // Some of what is said is heard, or it would test little.
        #expect(tally.unitsDone > 200 && tally.runsDone > 1, "\(tally.unitsDone) units, \(tally.runsDone) runs")
    }

    @Test func `unchanged inputs are read`() throws {
        for decoder in try Self.decoders() {
            for seed in decoder.mutator.seeds {
                #expect(throws: Never.self, "\(decoder.name)") { try decoder.decode(seed) }
            }
        }
    }

    @Test func `the same seed gives the same inputs`() throws {
        for decoder in try Self.decoders() {
            for number in 0..<20 {
                let first = decoder.mutator.input(number, of: decoder.name, seed: 7)
                #expect(decoder.mutator.input(number, of: decoder.name, seed: 7) == first)
            }
            let others = (0..<20).map { decoder.mutator.input($0, of: decoder.name, seed: 8) }
            #expect(others != (0..<20).map { decoder.mutator.input($0, of: decoder.name, seed: 7) })
        }
    }
}
