import ActivationFiles
import Foundation
import TestSupport
import Testing
import Weights

/// Activations between the worker's tools.
struct ActivationFileTests {
    private let temporary: TemporaryFolder
    private var url: URL { temporary.file("a.safetensors") }

    init() throws { temporary = try TemporaryFolder() }

    private func refusal<Value>(_ body: () throws -> Value) throws -> String {
        let error = try #require(throws: ActivationFileError.self) { _ = try body() }
        return "\(error)".replacingOccurrences(of: "\(url.path): ", with: "")
    }

    @Test func `activations that were written are read back by layer`() throws {
        let names = try ActivationFile.write(
            [(afterBlocks: 12, values: [1, 2]), (afterBlocks: 0, values: [3, -0.0])], metadata: ["prompt": "a\nb"],
            to: url)
        #expect(names == ["layer.12", "layer.0"])
        let file = try ActivationFile(url)
        #expect(file.layers == [0, 12])
        #expect(try file.activation(afterBlocks: 12, dimension: 2) == [1, 2])
        #expect(try file.activation(afterBlocks: 0) == [3, -0.0])
        #expect(try SafetensorsFile(url).metadata == ["prompt": "a\nb"])
    }

    @Test func `a layer that the file lacks is refused with the tensors that it has`() throws {
        try ActivationFile.write([(afterBlocks: 1, values: [1])], metadata: [:], to: url)
        #expect(
            try refusal { try ActivationFile(url).activation(afterBlocks: 2) }
                == "expected tensor layer.2, found layer.1")
    }

    @Test(arguments: ["proj.weight", "layer.", "layer.-1", "layer.01", "layer.+1", "layer.1.x"])
    func `a tensor of another name is no activation`(name: String) throws {
        try SafetensorsWriter.write([.init(name: name, shape: [1], values: .float32([1]))], to: url)
        #expect(try refusal { try ActivationFile(url) } == "expected tensor layer.<k>, found \(name)")
    }

    @Test func `a shape that is no vector, another width and a value that is not finite are refused`() throws {
        try SafetensorsWriter.write(
            [
                .init(name: "layer.1", shape: [1, 2], values: .float32([1, 2])),
                .init(name: "layer.2", shape: [2], values: .float32([1, .infinity])),
            ], to: url)
        let file = try ActivationFile(url)
        #expect(
            try refusal { try file.activation(afterBlocks: 1) } == "tensor layer.1: expected shape [d], found [1, 2]")
        #expect(
            try refusal { try file.activation(afterBlocks: 2, dimension: 3) }
                == "tensor layer.2: expected shape [3], found [2]")
        #expect(try refusal { try file.activation(afterBlocks: 2) }.hasPrefix("tensor layer.2: value 1 is infinite"))
    }
}
