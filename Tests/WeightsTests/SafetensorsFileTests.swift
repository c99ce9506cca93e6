import Foundation
import TestSupport
import Testing
import Weights

/// Files as they come from outside: each wrong one is refused with an error, none is trusted.
struct SafetensorsFileTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    /// A file of `header` and `data`, in a folder of its own.
    private func file(_ header: String, data: [UInt8] = [], length: UInt64? = nil) throws -> URL {
        var bytes = Data()
        withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: header.utf8)
        bytes.append(contentsOf: data)
        return try file(bytes)
    }

    private func file(_ bytes: Data) throws -> URL {
        let url = try temporary.folder().appendingPathComponent("model.safetensors")
        try bytes.write(to: url)
        return url
    }

    private func entry(_ name: String, _ shape: String, _ begin: Int, _ end: Int, type: String = "F32") -> String {
        "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
    }

    @Test func `tensors are found by name with their shape and values`() throws {
        let one = [Float(1), -2, 0.5, 3].withUnsafeBytes { Array($0) }
        let header =
            "{\"__metadata__\":{\"k\":\"v\"}, \(entry("a", "[2,2]", 0, 16)), \(entry("b", "[1]", 16, 18, type: "BF16"))}  "
        let opened = try SafetensorsFile(try file(header, data: one + [0x80, 0x3f]))
        #expect(opened.metadata == ["k": "v"])
        #expect(opened.names == ["a", "b"])
        #expect(try opened.tensor("a")?.shape == [2, 2])
        #expect(try opened.tensor("a")?.floats() == [1, -2, 0.5, 3])
        #expect(try opened.tensor("b")?.floats() == [1])
        #expect(try opened.tensor("c") == nil)
    }

    @Test func `an empty tensor and an empty file of tensors are fine`() throws {
        #expect(try SafetensorsFile(try file("{\(entry("a", "[0,5]", 0, 0))}")).tensor("a")?.floats() == [])
        #expect(try SafetensorsFile(try file("{}")).names == [])
    }

    @Test(arguments: [
        "", "[]", " {}", "{", "{}x", "{\"a\":1}", "{\"a\"}", "{\"a\":{}}", "{\"\\ud800\":{}}", "{\"\u{1}\":{}}",
        "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}",
        "{\"__metadata__\":{},\"__metadata__\":{}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":[]}}",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1e0],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}",
    ])
    func `a header that is not what the format allows is refused`(_ header: String) throws {
        let url = try file(header, data: [0, 0, 0, 0])
        #expect(throws: WeightError.self) { try SafetensorsFile(url) }
    }

    @Test(arguments: [
        "[3]/F32/0/8", "[2]/F33/0/8", "[2]/F32/8/0", "[2]/F32/0/9", "[4]/F32/0/16", "[1]/F32/0/4", "[1]/F32/4/8",
        "[4611686018427387904,4]/F32/0/8", "[9223372036854775807]/F32/0/8",
        "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]/F32/0/8",
    ])
    func `an entry that contradicts itself or the file is refused, and named`(_ text: String) throws {
        let parts = text.split(separator: "/").map(String.init)
        let header = "{\(entry("some.weight", parts[0], Int(parts[2])!, Int(parts[3])!, type: parts[1]))}"
        let url = try file(header, data: [UInt8](repeating: 0, count: 8))
        let error = #expect(throws: WeightError.self) { try SafetensorsFile(url) }
        let description = error?.description ?? ""
        #expect(description.contains(url.path) && !description.contains("\n"))
        #expect(description.contains("some.weight") || description.contains("after the last tensor"))
    }

    @Test func `overlapping tensors, gaps and equal names are refused`() throws {
        let data = [UInt8](repeating: 0, count: 16)
        for entries in [
            [entry("a", "[2]", 0, 8), entry("b", "[3]", 4, 16)], [entry("a", "[2]", 0, 8), entry("b", "[1]", 12, 16)],
            [entry("a", "[2]", 0, 8), entry("a", "[2]", 8, 16)], [entry("a", "[4]", 0, 16), entry("b", "[4]", 0, 16)],
        ] {
            let url = try file("{\(entries.joined(separator: ","))}", data: data)
            #expect(throws: WeightError.self) { try SafetensorsFile(url) }
        }
    }

    @Test func `a length that the file does not have is refused`() throws {
        for length in [UInt64(3), 1 << 20, 100_000_001, 1 << 40, .max, .max - 7] {
            let url = try file("{}", length: length)
            #expect(throws: WeightError.self, "length \(length)") { try SafetensorsFile(url) }
        }
        for count in 0..<9 {
            let url = try file(Data([2, 0, 0, 0, 0, 0, 0, 0, 0x7b].prefix(count)))
            #expect(throws: WeightError.self) { try SafetensorsFile(url) }
        }
    }

    @Test func `a file cut at any byte is refused`() throws {
        let whole = try Data(
            contentsOf: try file("{\(entry("a", "[2]", 0, 8))}", data: [UInt8](repeating: 1, count: 8)))
        for count in 0..<whole.count {
            let url = try file(whole.prefix(count))
            #expect(throws: WeightError.self) { try SafetensorsFile(url) }
        }
    }

    @Test func `damaged bytes never trap`() throws {
        let whole = try Data(
            contentsOf: try file(
                "{\(entry("a", "[2]", 0, 8)),\(entry("b", "[]", 8, 12))}", data: .init(repeating: 1, count: 12)))
        var state: UInt64 = 5
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            let url = try file(bytes)
            if let file = try? SafetensorsFile(url) { for name in file.names { _ = try? file.tensor(name)?.floats() } }
        }
    }

    @Test func `a missing file, a folder and a pipe are refused`() throws {
        let folder = try file("{}").deletingLastPathComponent()
        let pipe = folder.appendingPathComponent("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for url in [folder, pipe, folder.appendingPathComponent("none")] {
            #expect(throws: WeightError.self) { try SafetensorsFile(url) }
        }
    }

    @Test func `types that are not computed with, and values that are not finite, are named`() throws {
        let url = try file(
            "{\(entry("a", "[1]", 0, 8, type: "I64")),\(entry("b", "[2]", 8, 16))}",
            data: [UInt8](repeating: 0, count: 12) + [0, 0, 0x80, 0x7f])
        let opened = try SafetensorsFile(url)
        #expect(throws: WeightError.unsupportedType(path: url.path, tensor: "a", found: "I64")) {
            try opened.tensor("a")
        }
        #expect(throws: WeightError.notFinite(path: url.path, tensor: "b", index: 1)) {
            try opened.tensor("b")?.floats()
        }
    }

    @Test func `shards are looked up as one, with the shape that is asked for`() throws {
        let first = try file("{\(entry("a", "[1]", 0, 4))}", data: [0, 0, 0, 0])
        let second = try file("{\(entry("b", "[1]", 0, 4))}", data: [0, 0, 0x80, 0x3f])
        let files = try WeightFiles([first, second])
        #expect(try files.tensor("b", shape: [1]).floats() == [1])
        #expect(throws: WeightError.wrongShape(path: first.path, tensor: "a", expected: [2], found: [1])) {
            try files.tensor("a", shape: [2])
        }
        #expect(throws: WeightError.missing(tensor: "c", files: "\(first.path), \(second.path)")) {
            try files.tensor("c", shape: [1])
        }
        #expect(throws: WeightError.duplicate(tensor: "a", first: first.path, second: first.path)) {
            try WeightFiles([first, first])
        }
    }
}
