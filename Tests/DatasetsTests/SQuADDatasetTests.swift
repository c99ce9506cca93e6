import TestSupport
import Testing

@testable import Datasets

struct SQuADDatasetTests {
    private func document(_ questions: String, context: String = "A text.") -> String {
        """
        {"version": "1.1",
         "data": [{"title": "T", "paragraphs": [{"context": "\(context)", "qas": [\(questions)]}]}]}
        """
    }

    private let question = """
        {"id": "q1", "question": "What?", "answers": [{"text": "a", "answer_start": 0}, {"text": "a"}]}
        """

    private func failure(_ text: String) throws -> String? {
        let file = try TemporaryFile(text)
        let error = #expect(throws: DatasetError.self) { try SQuADDataset(file: file.path) }
        return error.map { String($0.description.dropFirst(file.path.count)) }
    }

    @Test func `questions come with context and all answers`() throws {
        let file = try TemporaryFile("\u{feff}" + document(question))
        let items = try SQuADDataset(file: file.path).items
        #expect(
            items == [SQuADItem(id: "q1", context: "A text.", question: "What?", golds: ["a", "a"])])
    }

    @Test func `errors name the file and the place`() throws {
        #expect(try failure(#"{"version": "1.1"}"#) == ": data: expected a value, found none")
        #expect(try failure(#"{"data": {}}"#) == ": data: expected an array, found an object of 0")
        #expect(
            try failure(document(#"{"id": 3.0, "question": "b", "answers": [{"text": "c"}]}"#))
                == ": data[0].paragraphs[0].qas[0].id: expected a string or a whole number, found 3.0")
        #expect(
            try failure(document(#"{"id": "a", "question": "b", "answers": [{"text": null}]}"#))
                == ": data[0].paragraphs[0].qas[0].answers[0].text: expected a value, found null")
        #expect(
            try failure(document(#"{"id": "a", "question": "b", "answers": [4]}"#))
                == ": data[0].paragraphs[0].qas[0].answers[0]: expected an object, found 4")
        #expect(
            try failure(document(#"{"id": "a", "question": "", "answers": [{"text": "b"}]}"#))
                == ": data[0].paragraphs[0].qas[0].question: empty")
        #expect(try failure(document(question, context: "")) == ": data[0].paragraphs[0].context: empty")
        #expect(
            try failure(document("\(question), \(question)"))
                == ": data[0].paragraphs[0].qas[1].id: the same id as data[0].paragraphs[0].qas[0].id")
    }

    @Test func `a question without answers is not of version 1`() throws {
        #expect(
            try failure(document(#"{"id": "a", "question": "b", "answers": []}"#))
                == ": data[0].paragraphs[0].qas[0].answers: empty; every question has an answer in SQuAD v1.1 "
                + "(v2.0 is another task)")
    }

    @Test func `an empty data set is an error`() throws {
        #expect(try failure(document("")) == ": holds no questions")
        #expect(try failure(#"{"data": []}"#) == ": holds no questions")
    }

    @Test func `a file that is not JSON is an error of one line`() throws {
        for (text, place) in [("", "the file"), ("{\"data\": [\n", "data[0]"), ("\u{0}", "the file")] {
            let failure = try failure(text)
            #expect(failure?.hasPrefix(": \(place): not valid JSON: byte ") == true, "\(failure ?? "")")
            #expect(failure?.contains("\n") == false)
        }
        let file = try TemporaryFile([0x7b, 0xff, 0x7d])
        let cause = "not valid JSON: byte 1: expected UTF-8, found an invalid byte sequence"
        #expect(throws: DatasetError.malformed(file: file.path, path: "", cause: cause)) {
            try SQuADDataset(file: file.path)
        }
    }

    @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func `the development set is read whole`() throws {
        let items = try SQuADDataset(file: SharedData.path("squad/dev-v1.1.json").path).items
        #expect(items.count == 10_570)
        #expect(items.reduce(0) { $0 + $1.golds.count } == 34_726)
        #expect(Set(items.map(\.context)).count == 2067)
    }

    // MARK: What other programs write

    /// Python's `str` of what its json module reads.
    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("-17", "-17"), ("123456789012345678901234567890", "123456789012345678901234567890"),
    ])
    func `an id may be a whole number`(written: String, id: String) throws {
        let file = try TemporaryFile(
            document(#"{"id": \#(written), "question": "b", "answers": [{"text": "c", "answer_start": NaN}]}"#))
        #expect(try SQuADDataset(file: file.path).items.map(\.id) == [id])
    }

    private let line = #"{"id": "q1", "title": "T", "context": "C.", "question": "Q?", "answers": "#

    @Test func `the hub's lines are read`() throws {
        let file = try TemporaryFile(
            line + #"{"text": ["a", "a"], "answer_start": [0, 1]}}"# + "\r\n \n"
                + #"{"answers": [{"text": "b"}], "question": "R?", "context": "D.", "id": 7}"# + "\n")
        #expect(
            try SQuADDataset(file: file.path).items == [
                SQuADItem(id: "q1", context: "C.", question: "Q?", golds: ["a", "a"]),
                SQuADItem(id: "7", context: "D.", question: "R?", golds: ["b"]),
            ])
    }

    @Test func `errors name the line`() throws {
        let good = line + #"{"text": ["a"]}}"# + "\n"
        #expect(
            try failure(good + line + #"{"text": "a"}}"#) == ", line 2: answers.text: expected an array, found \"a\"")
        #expect(try failure(good + "\n" + line + #"{"text": []}}"#)?.hasPrefix(", line 3: answers: empty; ") == true)
        #expect(try failure(good + good) == ", line 2: id: the same as line 1")
        #expect(try failure(good + "[]") == ", line 2: the file: expected an object, found an array of 0")
    }

    @Test func `an array of questions is named, with the command that makes lines of it`() throws {
        let failure = try failure("[" + line + #"{"text": ["a"]}}]"#)
        #expect(failure?.hasPrefix(": one JSON array; make JSON lines of it: jq -c '.[]' ") == true, "\(failure ?? "")")
    }

    /// Values that Python's json and the datasets library read.
    @Test(
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: [
            ("squad-int-ids.json", ["0", "1"]), ("squad-huggingface.jsonl", ["q1", "q2"]),
        ])
    func `files of other makers are read`(name: String, ids: [String]) throws {
        let context = "The old mill was built in 1750 by Anna Berg. It stands by the river."
        #expect(
            try SQuADDataset(file: SharedData.path("cases/squad/\(name)").path).items == [
                SQuADItem(id: ids[0], context: context, question: "Who built the mill?", golds: ["Anna Berg"]),
                SQuADItem(id: ids[1], context: context, question: "When was it built?", golds: ["1750", "in 1750"]),
            ])
    }
}
