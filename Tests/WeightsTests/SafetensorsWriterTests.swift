import Foundation
import TestSupport
import Testing
import Weights

struct SafetensorsWriterTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private func path() throws -> URL {
        try temporary.folder().appendingPathComponent("out.safetensors")
    }

    @Test func `what is written is read back, and the same content gives the same bytes`() throws {
        let (first, second) = (try path(), try path())
        let tensors = [
            SafetensorsWriter.Tensor(name: "z.weight", shape: [2, 3], values: .float32([1, 2, 3, 4, 5, -0.0])),
            SafetensorsWriter.Tensor(name: "a \"quoted\" name\n", shape: [2], values: .bfloat16(rounding: [1, -3.5])),
            SafetensorsWriter.Tensor(name: "empty", shape: [0], values: .float32([])),
        ]
        let metadata = ["format": "pt", "seed": "7", "model": "ünï\u{1}\\"]
        try SafetensorsWriter.write(tensors, metadata: metadata, to: first)
        try SafetensorsWriter.write(tensors, metadata: metadata, to: second)
        #expect(try Data(contentsOf: first) == Data(contentsOf: second))
        let file = try SafetensorsFile(first)
        #expect(file.metadata == metadata)
        #expect(file.header.dataStart % 8 == 0)
        #expect(try file.tensor("z.weight")?.floats() == [1, 2, 3, 4, 5, -0.0])
        #expect(try file.tensor("a \"quoted\" name\n")?.floats() == [1, -3.5])
        #expect(try file.tensor("empty")?.shape == [0])
    }

    @Test func `a file that is there is replaced, and nothing else is left in the folder`() throws {
        let url = try path()
        for value in [Float(1), 2] {
            try SafetensorsWriter.write([.init(name: "a", shape: [1], values: .float32([value]))], to: url)
        }
        #expect(try SafetensorsFile(url).tensor("a")?.floats() == [2])
        #expect(try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path).count == 1)
    }

    @Test func `bfloat16 is rounded to nearest, ties to even`() throws {
        // 1 + 2^-8 lies between 1 and 1 + 2^-7; 1 + 3 * 2^-8 between 1 + 2^-7 and 1 + 2^-6.
        let cases: [(Float, Float)] = [
            (1 + 0x1p-8, 1), (1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7), (1 + 3 * 0x1p-8, 1 + 0x1p-6), (-1.0, -1),
            (3.4e38, .infinity),
        ]
        for (value, expected) in cases {
            guard case .bfloat16(let bits) = SafetensorsWriter.Tensor.Values.bfloat16(rounding: [value]) else { return }
            #expect(Float(bitPattern: UInt32(bits[0]) << 16) == expected)
        }
    }

    @Test func `a shape that contradicts its values and a name that is taken are refused`() throws {
        let url = try path()
        let fine = SafetensorsWriter.Tensor(name: "a", shape: [1], values: .float32([1]))
        for tensors in [
            [fine, fine], [.init(name: "b", shape: [2], values: .float32([1]))],
            [.init(name: "__metadata__", shape: [1], values: .float32([1]))],
            [.init(name: "b", shape: [-1, -1], values: .float32([1]))],
        ] as [[SafetensorsWriter.Tensor]] {
            #expect(throws: WeightError.self) { try SafetensorsWriter.write(tensors, to: url) }
        }
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }
}
