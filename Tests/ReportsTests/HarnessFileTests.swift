import Evaluation
import Foundation
import JSON
import Run
import Tasks
import TestSupport
import Testing

@testable import Reports

/// The files in lm-evaluation-harness's keys, beside what the harness itself wrote of the same problems and answers
/// (scripts/make-references/harness.py).
struct HarnessFileTests {
    private struct Odd: JSONFailure {
        init(_ error: JSONError) {}
    }

    private static func report(_ figures: HarnessFigures, channels: [Channel] = [Channel(k: 1, j: 2)]) throws
        -> RunReport
    {
        let items = figures.test.enumerated().map { number, problem in
            TaskItem(id: "\(number)", question: problem.question, golds: ["\(number)"], solution: problem.answer)
        }
        let conditions = try ConditionTable.standard.conditions(named: ["silent", "injected"])
        let answers = figures.madeUp[0].items.map { item in
            conditions.map { _ in [Answer(text: item.response)] }
        }
        let scores = try TaskScores(
            .gsm8k, conditions: conditions, items: items, answers: answers, preset: .standard, seed: 1)
        var configuration = RunConfiguration(
            modelA: "a", modelB: "some/b:c", channels: channels, experiments: [.evaluate(task: "gsm8k")])
        configuration.evaluation.limit = items.count
        return RunReport(
            run: "r", configuration: configuration, versions: [], fingerprints: [], deviceKinds: ["cpu"],
            originalCounts: ["gsm8k": 1319], channels: channels.map { ChannelReport($0, tasks: [scores]) })
    }

    @Test func `samples have the harness's hashes, filters and scores, one line for each item and filter`() throws {
        let figures = try HarnessFigures.read()
        let files = try Self.report(figures).harnessFiles
        let name = "lm_eval/silent/samples_gsm8k_1970-01-01T00-00-00.000000.jsonl"
        let file = try #require(files.first { $0.name == name })
        let lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n")
        let samples = try lines.map { try JSONField<Odd>(file: "samples", bytes: Array($0.utf8)) }
        #expect(samples.count == 3 * figures.test.count)
        for (filter, text, value) in [
            ("strict-match", \HarnessFigures.Item.strict, \HarnessFigures.Item.strictMatch),
            ("flexible-extract", \HarnessFigures.Item.flexible, \HarnessFigures.Item.flexibleMatch),
        ] {
            let found = try samples.filter { try $0.string("filter") == filter }
            #expect(found.count == figures.test.count)
            for (number, (sample, expected)) in zip(found, figures.madeUp[0].items).enumerated() {
                #expect(try sample.required("doc_id").integer(in: 0...99) == number)
                #expect(try sample.string("doc_hash") == expected.docHash)
                #expect(try sample.string("prompt_hash") == expected.promptHash)
                #expect(try sample.string("target_hash") == expected.targetHash)
                #expect(try sample.required("filtered_resps").elements()[0].string() == expected[keyPath: text])
                #expect(try sample.required("exact_match").number() == expected[keyPath: value])
                #expect(try sample.required("metrics").elements().map { try $0.string() } == ["exact_match"])
                let request = try sample.required("arguments").required("gen_args_0")
                #expect(try request.string("arg_0") == expected.prompt)
            }
        }
    }

    @Test func `results have the harness's figures by its names`() throws {
        let figures = try HarnessFigures.read()
        let file = try #require(try Self.report(figures).harnessFiles.first { $0.name.contains("silent/results_") })
        let root = try JSONField<Odd>(file: "results", bytes: Array(file.bytes))
        let results = try root.required("results").required("gsm8k")
        for (name, value) in figures.madeUp[0].scores {
            #expect(try results.required(name).number() == value, "\(name)")
        }
        #expect(try results.contains("exact_match_stderr,strict-match"))
        #expect(try root.required("n-samples").required("gsm8k").required("original").integer(in: 0...9999) == 1319)
        #expect(try root.string("model_name_sanitized") == "some__b__c")
        #expect(try root.required("task_hashes").string("gsm8k")?.count == 64)
    }

    @Test func `of several channels each has its folder`() throws {
        let report = try Self.report(try HarnessFigures.read(), channels: [Channel(k: 1, j: 2), Channel(k: 3, j: 4)])
        let folders = Set(report.harnessFiles.map { $0.name.split(separator: "/").dropLast().joined(separator: "/") })
        #expect(
            folders == [
                "lm_eval/k1_j2/silent", "lm_eval/k1_j2/injected", "lm_eval/k3_j4/silent", "lm_eval/k3_j4/injected",
            ])
    }
}
