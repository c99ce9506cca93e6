import Foundation
import ModelFolders
import TestSupport
import Testing

struct RotaryConfigurationTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    /// Figures of scripts/make-references/rotary.py.
    @Test func `frequencies and scale of every type are those of transformers`() throws {
        let file = try Data(contentsOf: Repository.fixture("Families/rotary.json"))
        let object = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
        let cases = try #require(object["cases"] as? [[String: Any]])
        #expect(cases.count == 32)
        for item in cases {
            let dimension = try #require(item["head_dim"] as? Int)
            let config: [String: Any] = [
                "model_type": "llama", "hidden_size": 2 * dimension, "num_hidden_layers": 1, "num_attention_heads": 2,
                "intermediate_size": 8, "vocab_size": 8,
                "max_position_embeddings": try #require(item["max_position_embeddings"]),
                "rope_parameters": try #require(item["parameters"]),
            ]
            let url = try temporary.folder().appendingPathComponent("config.json")
            try JSONSerialization.data(withJSONObject: config).write(to: url)
            let rotary = try ModelConfiguration(config: url).rotary
            let expected = try #require(item["frequencies"] as? [Double])
            let found = rotary.frequencies(headDimension: dimension)
            #expect(found.count == expected.count)
            for (x, y) in zip(found, expected) { #expect(abs(Double(x) - y) <= 1e-6 * y, "\(item)") }
            #expect(abs(Double(rotary.attentionFactor) - (item["attention_factor"] as? Double ?? 0)) < 1e-6)
        }
    }

    @Test func `frequencies fall from one turn per 2π positions by powers of the base`() {
        let frequencies = RotaryConfiguration(theta: 10_000, scaling: .none).frequencies(headDimension: 8)
        for (found, expected) in zip(frequencies, [1, 0.1, 0.01, 0.001] as [Float]) {
            #expect(abs(found - expected) <= expected * 1e-6)
        }
        let slower = RotaryConfiguration(theta: 10_000, scaling: .linear(factor: 4)).frequencies(headDimension: 8)
        #expect(zip(slower, frequencies).allSatisfy { $0 == $1 / 4 })
    }

    @Test func `the scaling of Llama 3 keeps short waves, stretches long ones and blends between`() {
        let plain = RotaryConfiguration(theta: 500_000, scaling: .none).frequencies(headDimension: 128)
        let scaling = RotaryConfiguration.Scaling.llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalPositions: 8192)
        let scaled = RotaryConfiguration(theta: 500_000, scaling: scaling).frequencies(headDimension: 128)
        for (before, after) in zip(plain, scaled) {
            let wavelength = 2 * Float.pi / before
            if wavelength < 2048 {
                #expect(after == before)
            } else if wavelength > 8192 {
                #expect(after == before / 8)
            } else {
                #expect(after < before && after > before / 8)
            }
        }
    }
}
