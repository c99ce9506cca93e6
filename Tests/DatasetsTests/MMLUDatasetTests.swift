import TestSupport
import Testing

@testable import Datasets

/// Figures of the published files: by Python's `csv`.
struct MMLUDatasetTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func file(_ text: String, named name: String = "formal_logic_test.csv") throws -> String {
        let url = scratch.file(name)
        try text.write(to: url, atomically: true, encoding: .utf8)
        return url.path
    }

    @Test func `both layouts are read, quotes, commas and newlines in fields too`() throws {
        let question = "\"He said \"\"no\"\", then left.\nWhy?\""
        let authors = try MMLUDataset(file: try file("\(question),a,\"b, c\",d,e,B\r\nWhat?,1,2,3,4,D\n"))
        let other = try MMLUDataset(
            file: try file(
                "question,choice0,choice1,choice2,choice3,answer\n\(question),a,\"b, c\",d,e,1\nWhat?,1,2,3,4,3\n"))
        #expect(
            authors.items == [
                MMLUItem(
                    question: "He said \"no\", then left.\nWhy?", choices: ["a", "b, c", "d", "e"], answer: 1),
                MMLUItem(question: "What?", choices: ["1", "2", "3", "4"], answer: 3),
            ])
        #expect(other.items == authors.items)
        #expect(authors.subject == "formal_logic")
    }

    @Test(arguments: [
        ("q,a,b,c,d,B\nq,a,b,c,d\n", "line 2: the file: expected a question, four choices and the answer, found 5"),
        ("q,a,b,c,d,E\n", "line 1: answer: expected A to D, found \"E\""),
        ("question,choice0,choice1,choice2,choice3,answer\nq,a,b,c,d,B\n", "line 2: answer: expected 0 to 3"),
        ("q,a,b,c,d,A\n\"q,a,b,c,d,B\n", "line 2: the file: a quote is not closed"),
        ("\"q\"x,a,b,c,d,B\n", "line 1: the file: something follows a closing quote"),
        ("", "holds no questions"), ("question,choice0,choice1,choice2,choice3,answer\n", "holds no questions"),
    ])
    func `what is wrong is said with its line`(text: String, words: String) throws {
        let file = try file(text)
        let error = try #require(throws: DatasetError.self) { try MMLUDataset(file: file) }
        #expect("\(error)".contains(words), "\(error)")
    }

    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `the published files hold what Python reads of them`() throws {
        let names = [("professional_law", 1534), ("formal_logic", 126), ("public_relations", 110)]
        for (name, count) in names {
            let items = try MMLUDataset(file: SharedData.path("mmlu/test/\(name)_test.csv").path).items
            #expect(items.count == count)
            #expect(try MMLUDataset(file: SharedData.path("mmlu/dev/\(name)_dev.csv").path).items.count == 5)
        }
    }
}
