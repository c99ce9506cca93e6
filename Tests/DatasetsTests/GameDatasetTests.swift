import TestSupport
import Testing

@testable import Datasets

struct GameDatasetTests {
    @Test func `both games' fields are read`() throws {
        let scratch = try TemporaryFolder()
        let url = scratch.file("games.jsonl")
        try """
        {"id": "c1", "person": "Uma", "country": "Peru", "prompt_A": "Uma is there.", "prompt_B": "Where?", "y": "Peru"}
        {"prompt_A": "X rose. Y fell.", "prompt_B": "Which?", "options": ["X", "Y"], "label": "X"}
        """.write(to: url, atomically: true, encoding: .utf8)
        let items = try GameDataset(file: url.path).items
        #expect(
            items == [
                GameRecord(id: "c1", promptA: "Uma is there.", promptB: "Where?", answer: "Peru", cluster: "Peru"),
                GameRecord(id: "line 2", promptA: "X rose. Y fell.", promptB: "Which?", answer: "X", cluster: nil),
            ])
    }

    @Test func `an id that stands twice is refused`() throws {
        let scratch = try TemporaryFolder()
        let url = scratch.file("games.jsonl")
        let line = #"{"id": "c1", "prompt_A": "a", "prompt_B": "b", "y": "c"}"#
        try "\(line)\n\(line)\n".write(to: url, atomically: true, encoding: .utf8)
        let error = try #require(throws: DatasetError.self) { try GameDataset(file: url.path) }
        #expect("\(error)".contains("\"c1\" stands there twice"))
    }

    @Test(
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: [("countries", 200), ("tipsheets", 500)])
    func `the published games are read whole`(name: String, count: Int) throws {
        let dataset = try GameDataset(file: SharedData.path("games/\(name).jsonl").path)
        #expect(dataset.items.count == count)
        #expect(dataset.broken.count == 0)
    }
}
