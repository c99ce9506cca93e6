import ActivationFiles
import Foundation
import Run
import TestSupport
import Testing
import Weights

/// A W between the two programs.
struct ProjectionFileTests {
    private let temporary: TemporaryFolder
    private var url: URL { temporary.file("w.safetensors") }

    init() throws { temporary = try TemporaryFolder() }

    private func write(_ tensors: SafetensorsWriter.Tensor...) throws {
        try SafetensorsWriter.write(tensors, to: url)
    }

    private func refusal(dimensionA: Int? = nil, dimensionB: Int? = nil) throws -> String {
        let error = try #require(throws: ActivationFileError.self) {
            try ProjectionFile.read(url, dimensionA: dimensionA, dimensionB: dimensionB)
        }
        #expect("\(error)".hasPrefix("\(url.path): "))
        return "\(error)".replacingOccurrences(of: "\(url.path): ", with: "")
    }

    @Test func `a W that was written is read back to the bit`() throws {
        let w = FloatMatrix(rows: 2, columns: 3, values: [1, -0.0, .leastNonzeroMagnitude, 4, 5, .pi])
        var bytes = Data()
        try ProjectionFile.write(w, metadata: ["format": "pt"]) { bytes.append(contentsOf: $0) }
        try bytes.write(to: url)
        let read = try ProjectionFile.read(url, dimensionA: 3, dimensionB: 2)
        #expect(read.rows == 2 && read.columns == 3)
        #expect(read.values.map(\.bitPattern) == w.values.map(\.bitPattern))
        #expect(try SafetensorsFile(url).tensor("proj.weight")?.shape == [2, 3])
    }

    @Test(arguments: ["weight", "layer.weight", "module.proj.weight"])
    func `the only weight of a file is W, as PyTorch saves a layer by itself or within another module`(
        name: String
    ) throws {
        try write(.init(name: name, shape: [2, 1], values: .float32([1, 2])))
        #expect(try ProjectionFile.read(url, dimensionA: 1, dimensionB: 2).values == [1, 2])
    }

    @Test func `a file without the tensor is refused with what it holds`() throws {
        try write(
            .init(name: "weight", shape: [1, 1], values: .float32([1])),
            .init(name: "other.weight", shape: [1, 1], values: .float32([1])))
        #expect(try refusal() == "expected tensor proj.weight, found weight, other.weight")
        try write(.init(name: "w", shape: [1, 1], values: .float32([1])))
        #expect(try refusal() == "expected tensor proj.weight, found w")
        try write()
        #expect(try refusal() == "expected tensor proj.weight, found none")
    }

    @Test func `a bias is the last column, written and read as PyTorch's layer has it`() throws {
        let w = FloatMatrix(rows: 2, columns: 3, values: [1, 2, 10, 3, 4, -20])
        var bytes = Data()
        try ProjectionFile.write(w, hasBias: true, metadata: [:]) { bytes.append(contentsOf: $0) }
        try bytes.write(to: url)
        #expect(try SafetensorsFile(url).tensor("proj.weight")?.floats() == [1, 2, 3, 4])
        #expect(try SafetensorsFile(url).tensor("proj.bias")?.floats() == [10, -20])
        #expect(try ProjectionFile.read(url, dimensionA: 2, dimensionB: 2) == w)
        #expect(try refusal(dimensionA: 3) == "tensor proj.weight: expected shape [d_B, 3], found [2, 2]")
        try write(
            .init(name: "proj.weight", shape: [1, 1], values: .float32([1])),
            .init(name: "proj.bias", shape: [2], values: .float32([1, 2])))
        #expect(try refusal() == "tensor proj.bias: expected shape [1], found [2]")
    }

    @Test(arguments: [Array("PK\u{3}\u{4}more".utf8), [0x80, 2, 0x8a, 0x0a, 1, 2]])
    func `what torch.save writes is named, with the command that makes safetensors of it`(bytes: [UInt8]) throws {
        try Data(bytes).write(to: url)
        let refusal = try refusal()
        #expect(refusal.hasPrefix("written by torch.save") && refusal.contains("weights_only=True"), "\(refusal)")
        #expect(refusal.hasSuffix("'\(url.path)' '\(url.path).safetensors'"), "\(refusal)")
    }

    @Test func `a tensor of another shape is refused with both shapes`() throws {
        try write(.init(name: "proj.weight", shape: [6], values: .float32([1, 2, 3, 4, 5, 6])))
        #expect(try refusal() == "tensor proj.weight: expected shape [d_B, d_A], found [6]")
        try write(.init(name: "proj.weight", shape: [2, 3], values: .float32([1, 2, 3, 4, 5, 6])))
        #expect(try refusal(dimensionA: 2) == "tensor proj.weight: expected shape [d_B, 2], found [2, 3]")
        #expect(try refusal(dimensionA: 3, dimensionB: 4) == "tensor proj.weight: expected shape [4, 3], found [2, 3]")
    }

    @Test func `a value that is not finite is refused with its place`() throws {
        try write(.init(name: "proj.weight", shape: [1, 3], values: .float32([1, 2, .nan])))
        #expect(try refusal().hasPrefix("tensor proj.weight: value 2 is infinite or not a number"))
    }

    @Test func `a file that is cut short, and one that is missing, are refused`() throws {
        try write(.init(name: "proj.weight", shape: [1, 2], values: .float32([1, 2])))
        try Data(contentsOf: url).dropLast(1).write(to: url)
        #expect(try refusal().contains("cut short"))
        try FileManager.default.removeItem(at: url)
        #expect(try refusal().hasPrefix("cannot be read"))
    }
}
