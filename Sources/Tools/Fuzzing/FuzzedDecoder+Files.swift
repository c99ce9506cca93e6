import Datasets
package import Foundation
import ModelFolders
import Storage
import Weights

/// Files that a user names: models, tokenizers, data; and the journal, which a disk may have damaged.
extension FuzzedDecoder {
    /// Every decoder of the product.
    /// - Parameters:
    ///   - models: folders of small models in Hugging Face's layout, whose files are changed.
    ///   - tokenizers: further tokenizer.json files.
    package static func all(models: [URL], tokenizers: [URL] = []) throws -> [FuzzedDecoder] {
        try messages() + files(models: models, tokenizers: tokenizers)
    }

    static let json = [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "1e400", "\\u0000", "\\ud800", "[[[[[[[[", "NaN",
    ]

    private static func files(models: [URL], tokenizers: [URL]) throws -> [FuzzedDecoder] {
        let scratch = try ScratchFiles()
        func bytes(_ urls: [URL]) -> [[UInt8]] { urls.compactMap { try? Data(contentsOf: $0) }.map { Array($0) } }
        func named(_ name: String) -> [[UInt8]] { bytes(models.map { $0.appendingPathComponent(name) }) }
        return [
            FuzzedDecoder("safetensors", Mutator(seeds: [safetensors], words: json + ["F32", "BF16", "data_offsets"])) {
                let file = try SafetensorsFile(try scratch.write($0, "model.safetensors"))
                for name in file.names { _ = try file.tensor(name)?.floats() }
            },
            FuzzedDecoder("config.json", Mutator(seeds: named("config.json"), words: json)) {
                _ = try ModelConfiguration(config: try scratch.write($0, "config.json"))
            },
            FuzzedDecoder("generation_config.json", Mutator(seeds: named("generation_config.json"), words: json)) {
                _ = try ModelConfiguration(
                    config: models[0].appendingPathComponent("config.json"),
                    generationConfig: try scratch.write($0, "generation_config.json"))
            },
            FuzzedDecoder("shard index", Mutator(seeds: [index], words: json + ["../", "\\u0000"])) {
                let folder = scratch.folder.appendingPathComponent("sharded")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                _ = try scratch.write(
                    Array(Data(contentsOf: models[0].appendingPathComponent("config.json"))),
                    "sharded/config.json")
                _ = try scratch.write([], "sharded/a.safetensors")
                _ = try scratch.write($0, "sharded/model.safetensors.index.json")
                _ = try ModelFolder(path: folder.path)
            },
            FuzzedDecoder("json.gz lines", Mutator(seeds: [gzip])) {
                var reader = try C4Reader(file: try scratch.write($0, "c4.json.gz").path)
                while try reader.next() != nil {}
            },
            FuzzedDecoder("json lines", Mutator(seeds: [lines], words: json)) {
                var reader = try C4Reader(file: try scratch.write($0, "c4.jsonl").path)
                while try reader.next() != nil {}
            },
            FuzzedDecoder("SQuAD", Mutator(seeds: [squad], words: json)) {
                _ = try SQuADDataset(file: try scratch.write($0, "squad.json").path)
            },
            FuzzedDecoder("GSM8K", Mutator(seeds: [gsm8k], words: json + ["####", ","])) {
                _ = try GSM8KDataset(file: try scratch.write($0, "gsm8k.jsonl").path)
            },
            FuzzedDecoder("journal", Mutator(seeds: [try journal(scratch)])) {
                _ = try scratch.write($0, "journal")
                _ = try Journal(folder: scratch.folder) { _ in }
            },
        ] + texts(scratch, models: models, tokenizers: tokenizers)
    }

    private static func journal(_ scratch: ScratchFiles) throws -> [UInt8] {
        do {
            let journal = try Journal(folder: scratch.folder) { _ in }
            for count in [0, 1, 40, 300] { _ = try journal.append(Data(repeating: 7, count: count)) }
            try journal.commit()
            _ = try journal.append(Data(repeating: 9, count: 20))
        }
        return Array(try Data(contentsOf: scratch.folder.appendingPathComponent("journal")))
    }

    /// Three tensors and metadata.
    private static var safetensors: [UInt8] {
        let header = #"""
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
            "b":{"dtype":"BF16","shape":[4],"data_offsets":[24,32]},"c":{"dtype":"F16","shape":[],"data_offsets":[32,34]}}
            """#
        return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + (0..<34).map { UInt8($0) }
    }

    private static let index = Array(
        #"{"metadata":{"total_size":8},"weight_map":{"model.norm.weight":"a.safetensors","x":"a.safetensors"}}"#.utf8)

    private static let lines = Array(
        #"""
        {"text": "Schöne Grüße \ud83e\udd8a", "timestamp": "2019-04-25T12:57:54Z", "url": "http://a.example"}
        {"text": "", "timestamp": null}
        {"text": "line\nbreak"}

        """#.utf8)

    /// ``lines`` as gzip with stored blocks, so that the text lies open to changes.
    private static var gzip: [UInt8] {
        func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        let count = UInt16(lines.count)
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1]
        return head + little(count) + little(~count) + lines + little(checksum(lines)) + little(UInt32(count))
    }

    /// CRC-32 (ISO 3309), bit by bit.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum = ~UInt32(0)
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }

    private static let squad = Array(
        #"""
        {"data": [{"title": "T", "paragraphs": [{"context": "é ß", "qas": [{"id": "a", "question": "b",
        "answers": [{"text": "c", "answer_start": 1e3}]}]}]}], "version": "1.1"}
        """#.utf8)

    private static let gsm8k = Array(
        #"""
        {"question": "é 🦊", "answer": "2\n#### 1,234.5"}
        {"question": "b", "answer": "#### -7"}
        """#.utf8)
}
