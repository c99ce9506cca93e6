import Run
import TestSupport
import Testing

@testable import Datasets

/// Damaged files of every kind end in records or in a ``DatasetError``, never otherwise.
struct HostileFilesTests {
    /// `bytes` with a few of them changed, dropped or doubled.
    private func damaged(_ bytes: [UInt8], by generator: inout NamedGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...generator.index(below: 3) {
            let index = generator.index(below: bytes.count)
            switch generator.index(below: 4) {
            case 0: bytes[index] = UInt8(generator.index(below: 256))
            case 1: bytes[index] ^= 1 << UInt8(generator.index(below: 8))
            case 2 where bytes.count > 1: bytes.remove(at: index)
            default: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 9)], at: index)
            }
        }
        return bytes
    }

    private func readsOrRefuses(_ bytes: [UInt8], seed: UInt64, _ read: (String) throws -> Void) throws {
        var generator = NamedGenerator(seed: seed, purpose: "damage")
        for _ in 0..<10 {
            let file = try TemporaryFile(damaged(bytes, by: &generator))
            do {
                try read(file.path)
            } catch let error as DatasetError {
                #expect(error.description.hasPrefix(file.path), "seed \(seed): \(error)")
                #expect(!error.description.contains("\n"), "seed \(seed): \(error)")
            }
        }
    }

    @Test(arguments: UInt64(0)..<30) func `damaged gzip files are read or refused in one line`(seed: UInt64) throws {
        try readsOrRefuses(GzipMember.firstAndSecond + GzipMember.third, seed: seed) {
            let reader = try LineReader(file: $0)
            while try reader.next() != nil {}
        }
    }

    @Test(arguments: UInt64(0)..<30) func `damaged SQuAD files are read or refused in one line`(seed: UInt64) throws {
        let text = """
            {"data": [{"title": "T", "paragraphs": [{"context": "\\u00e9 ß", "qas": [
            {"id": "a", "question": "b", "answers": [{"text": "c", "answer_start": 1e3}]}]}]}]}
            """
        try readsOrRefuses(Array(text.utf8), seed: seed) { _ = try SQuADDataset(file: $0) }
    }

    @Test(arguments: UInt64(0)..<30) func `damaged GSM8K files are read or refused in one line`(seed: UInt64) throws {
        let text = """
            {"question": "é \\ud83e\\udd8a", "answer": "2\\n#### 1,234.5"}
            {"question": "b", "answer": "#### -7"}
            """
        try readsOrRefuses(Array(text.utf8), seed: seed) { _ = try GSM8KDataset(file: $0) }
    }
}
