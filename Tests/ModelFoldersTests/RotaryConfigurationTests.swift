import Foundation
import ModelFolders
import Testing

@Suite struct RotaryConfigurationTests {
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
