import Run
import TestSupport
import Testing

@testable import Datasets

struct TrainingTextsTests {
    private func configuration(_ files: [String], rows: Int, cut: TextCut = .whole) -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.files = files
        configuration.rows = rows
        configuration.cut = cut
        configuration.minimumCharacters = 3
        return configuration
    }

    private func file(_ texts: [String]) throws -> TemporaryFile {
        try TemporaryFile(texts.map { "{\"text\": \"\($0)\"}\n" }.joined())
    }

    @Test func `short texts are dropped before rows are counted`() throws {
        let file = try file(["abcd", "abc", " ab\\u001c\\u3000 ", "efgh", "ijkl"])
        let texts = try TrainingTexts(configuration([file.path], rows: 3), seed: 1)
        #expect(texts.texts == ["abcd", "efgh", "ijkl"])
        #expect(texts.tooShort == 2)
    }

    @Test func `characters are Unicode scalars, and texts are stripped`() throws {
        let file = try file(["e\\u0301e\\u0301", "\\u00a0\\u001f  four\\n\\u2029", "ééé"])
        let texts = try TrainingTexts(configuration([file.path], rows: 2), seed: 1)
        #expect(
            texts.texts.map { $0.unicodeScalars.map(\.value) } == [
                [0x65, 0x301, 0x65, 0x301], [0x66, 0x6f, 0x75, 0x72],
            ])
    }

    @Test func `files are read in their order and no further than needed`() throws {
        let first = try file(["aaaa"])
        let second = try TemporaryFile("{\"text\": \"bbbb\"}\n{broken")
        let texts = try TrainingTexts(configuration([first.path, second.path, "/nowhere"], rows: 2), seed: 1)
        #expect(texts.texts == ["aaaa", "bbbb"])
        #expect(texts.lineCount == 2)
        #expect(texts.broken.count == 0)
    }

    @Test func `fewer texts than asked for are an error that says how many`() throws {
        let file = try file(["aaaa", "bb"])
        let error = #expect(throws: DatasetError.self) {
            try TrainingTexts(self.configuration([file.path], rows: 2), seed: 1)
        }
        #expect(
            error?.description
                == "only 1 of 2 texts of more than 3 characters in \(file.path); name more files, or use --rows 1")
        #expect(throws: DatasetError.noFiles) { try TrainingTexts(self.configuration([], rows: 2), seed: 1) }
    }

    @Test func `broken lines are passed over and reported`() throws {
        let file = try TemporaryFile("{\"text\": \"aaaa\"}\noops\n{\"text\": \"bbbb\"}\n")
        let texts = try TrainingTexts(configuration([file.path], rows: 2), seed: 1)
        #expect(texts.texts == ["aaaa", "bbbb"])
        #expect(texts.broken.first.map(\.line) == [2])
    }

    /// Figures by Python: `str.strip()`, `len(text) > 50`, `text[:512]`.
    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `genuine C4 gives the rows that Python gives`() throws {
        var configuration = TrainingConfiguration()
        configuration.files = [SharedData.path("c4/c4_validation_2k.json.gz").path]
        configuration.rows = 1999
        let cut = try TrainingTexts(configuration, seed: 42)
        #expect(cut.texts.reduce(0) { $0 + $1.unicodeScalars.count } == 931_668)
        #expect(cut.tooShort == 1)
        configuration.cut = .whole
        let whole = try TrainingTexts(configuration, seed: 42)
        #expect(whole.texts.reduce(0) { $0 + $1.unicodeScalars.count } == 4_223_693)
        #expect(whole.texts.prefix(5).map(\.unicodeScalars.count) == [8676, 331, 1604, 1020, 1665])
        configuration.rows = 2000
        #expect(throws: DatasetError.self) { try TrainingTexts(configuration, seed: 42) }
    }
}
