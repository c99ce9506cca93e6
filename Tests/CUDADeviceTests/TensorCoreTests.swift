import Foundation
import ReferenceDevice
import TestSupport
import Testing

/// The definition of tensor cores' sums against what a GPU computed.
struct TensorCoreTests {
    struct Figures: Decodable {
        struct Case: Decodable, CustomTestStringConvertible {
            let what: String
            /// `[16][32]` and `[2][32]`, bits of bfloat16 values.
            let w, x: [[UInt32]]
            /// `[2][16]`, bits of float32 values.
            let sums: [[UInt32]]
            var testDescription: String { what }
        }
        let cases: [Case]
    }

    /// Made by `scripts/make-references/tensor_cores.py` on an NVIDIA H200.
    static let h200: [Figures.Case] = {
        do {
            let file = Repository.fixture("TensorCores/h200.json")
            return try JSONDecoder().decode(Figures.self, from: Data(contentsOf: file)).cases
        } catch {
            fatalError("\(error)")
        }
    }()

    private static func values(_ bits: [UInt32]) -> [Float] { bits.map { Float(bitPattern: $0 << 16) } }

    @Test(arguments: h200)
    func `sums of compute capability 9 have the bits that an H200 computed`(_ figures: Figures.Case) {
        for (x, expected) in zip(figures.x, figures.sums) {
            let found = figures.w.map { BFloat16Sums.tensorCores9.sum(Self.values(x), Self.values($0)).bitPattern }
            #expect(found == expected)
        }
    }

    @Test func `the kinds of sums differ, where what is cut shows`() {
        // 1 + 2^-24 + 2^-24: a processor rounds each of them away, 9.0 keeps 25 places and 8.x 24.
        let (x, w): ([Float], [Float]) = ([1, 0x1p-25, 0x1p-25, 0x1p-24], [1, 1, 1, 1])
        #expect(BFloat16Sums.processor.sum(x, w) == 1)
        #expect(BFloat16Sums.tensorCores9.sum(x, w) == 1 + 0x1p-23)
        #expect(BFloat16Sums.tensorCores8.sum(x, w) == 1)
    }
}
