import Evaluation
import Foundation
import Run
import TestSupport
import Testing

@testable import CoordinatorHost

struct RunComparisonTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    /// The folder of a run of which item n is right under `injected` where the list says so.
    private func folder(_ name: String, _ right: [Bool], operation: InjectionOperation) throws -> URL {
        let folder = temporary.file(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var configuration = RunConfiguration(
            modelA: "a", modelB: "b", channels: [Channel(k: 1, j: 1)], operation: operation, experiments: [])
        configuration.seed = 7
        try RunManifest(software: "1", configuration: configuration, modelA: "aa", modelB: "bb", data: []).write(
            to: RunFolder(folder))
        let lines = right.enumerated().map { item, isRight in
            #"{"doc_id":\#(item),"id":"q\#(item)","conditions":{"injected":{"text":"x","answer":"\#(isRight ? "red" : "blue")","#
                + #""tokens":1,"omitted_prompt_tokens":0,"exact_match":\#(isRight ? 1 : 0),"cost":{"new_tokens":1}}}}"#
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(
            to: folder.appendingPathComponent("samples_squad.jsonl"))
        return folder
    }

    @Test func `settings, scores and items that differ are told`() throws {
        let first = try folder("one", [true, false, false, false, false, false, false, false], operation: .replace)
        let second = try folder("two", [false, true, true, true, true, true, true, true, true], operation: .sum)
        let comparison = try RunComparison(first, second)
        #expect(comparison.settings.contains { $0.contains("--op") })
        let task = try #require(comparison.tasks.first)
        #expect((task.file, task.items, task.onlyFirst, task.onlySecond) == ("samples_squad.jsonl", 8, 0, 1))
        let score = try #require(task.scores.first)
        #expect(task.scores.count == 1 && score.condition == "injected" && score.metric == "exact_match")
        #expect(score.difference.score.mean == 0.75 && score.difference.mcNemar == McNemar(first: 7, second: 1))
        #expect(task.changed.map(\.ids) == [(0..<8).map { "q\($0)" }])
        #expect(comparison.text.contains("q0, q1") && comparison.text.contains("exact_match"))
    }

    @Test func `equal runs are told to be equal`() throws {
        let first = try folder("one", [true, false], operation: .replace)
        let text = try RunComparison(first, first).text
        #expect(text.contains("the same settings") && text.contains("every item is answered alike"))
    }

    @Test func `a folder without a run is named`() throws {
        let first = try folder("one", [true, false], operation: .replace)
        let error = #expect(throws: HostError.self) { try RunComparison(first, temporary.url) }
        #expect("\(try #require(error))".contains("not the folder of a run"))
    }
}
