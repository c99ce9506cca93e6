import TestSupport
import Testing

@testable import Datasets

struct GSM8KDatasetTests {
    private func read(_ answers: [String]) throws -> GSM8KDataset {
        let file = try TemporaryFile(answers.map { "{\"question\": \"Q\", \"answer\": \"\($0)\"}\n" }.joined())
        return try GSM8KDataset(file: file.path)
    }

    @Test func `the gold answer is the number after the last mark`() throws {
        let golds = try read(["2+2=4\\n#### 4", "#### 1\\n#### -1,234.50", "#### $70,000", "####7"]).items.map(\.gold)
        #expect(golds == ["4", "-1234.50", "70000", "7"])
    }

    @Test func `ids are line numbers`() throws {
        let file = try TemporaryFile(
            "\n" + String(repeating: "{\"question\": \"Q\", \"answer\": \"#### 1\"}\n", count: 10_000))
        let items = try GSM8KDataset(file: file.path).items
        #expect(items.first?.id == "gsm8k-0002")
        #expect(items.last?.id == "gsm8k-10001")
    }

    @Test func `problems without a gold number are broken lines`() throws {
        let data = try read(["#### 4", "4", "#### four", "#### ", "#### -", "#### 1.2.3", "#### 1.", "#### ٣"])
        #expect(data.items.count == 1)
        #expect(data.broken.first.map(\.line) == Array(2...8))
        #expect(data.broken.first.allSatisfy { $0.cause == "answer: ends with no \"#### number\"" })
    }

    @Test func `a file without problems is an error`() throws {
        let file = try TemporaryFile("\n")
        #expect(throws: DatasetError.empty(file: file.path, expected: "problems")) {
            try GSM8KDataset(file: file.path)
        }
    }

    /// The sum of the golds was computed by Python.
    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `the test set is read whole`() throws {
        let data = try GSM8KDataset(file: SharedData.path("gsm8k/test.jsonl").path)
        #expect(data.items.count == 1319)
        #expect(data.broken.count == 0)
        #expect(data.items.reduce(0) { $0 + (Int($1.gold) ?? 0) } == 9_009_187)
    }
}
