import Evaluation
import Foundation
import Reports
import Run
import Testing

struct ResultsFileTests {
    @Test func `a run's files are named as documented`() throws {
        #expect(
            try SampleReport.report().files.map(\.name)
                == [
                    "config.yaml", "results.json", "samples_squad.jsonl", "report.md", "report.html", "metrics.jsonl",
                    "summary.txt", "summary.json",
                ])
        let report = try SampleReport.report()
        #expect(try SampleReport.text("summary.txt", of: report) == report.summaryText)
    }

    @Test func `equal inputs give equal bytes`() throws {
        #expect(try SampleReport.report().files == SampleReport.report().files)
    }

    private func object(_ value: Any?, _ path: String...) throws -> [String: Any] {
        var found = try #require(value as? [String: Any])
        for name in path { found = try #require(found[name] as? [String: Any], "\(name)") }
        return found
    }

    @Test func `results.json gives each task's metrics by condition, with standard error, interval and n`() throws {
        let report = try SampleReport.report()
        let text = try SampleReport.text("results.json", of: report)
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let injected = try object(root, "results", "squad", "injected")
        #expect(injected["exact_match,none"] as? Double == 1)
        #expect(injected["exact_match_stderr,none"] as? Double == 0)
        #expect(injected["n"] as? Int == 4)
        let a = try object(root, "results", "squad", "a_full")
        #expect(a["exact_match,none"] as? Double == 0.75)
        #expect(a["exact_match_stderr,none"] as? Double == 0.25)
        let interval = try #require(report.channels[0].tasks[0].scores.first { $0.condition.name == "a_full" }).score
            .interval
        #expect(a["exact_match_interval95,none"] as? [Double] == [interval.low, interval.high])
        #expect(try object(root, "differences", "squad", "injected-a_full")["exact_match,none"] as? Double == 0.25)
        let projection = try object(root, "projection")
        #expect(projection["steps"] as? Int == 4)
        #expect(projection["first_loss"] as? Double == 4)
        #expect(projection["final_loss"] as? Double == 0.5)
        #expect(projection["epoch_losses"] as? [Double] == [3, 0.75])
        let layers = try #require(try object(root)["similarity"] as? [[String: Any]])
        #expect(layers.map { $0["layer"] as? Int } == [8, 0])
        #expect(layers[0]["n"] as? Int == 3)
        #expect(try object(root)["device_kinds"] as? [String] == ["cpu a", "cpu b"])
    }

    @Test func `metrics.jsonl has a line for each step, with both losses`() throws {
        let lines = try SampleReport.text("metrics.jsonl", of: SampleReport.report()).split(separator: "\n")
        #expect(lines.count == 4)
        #expect(
            lines.last
                == #"{"channel":"26:24","step":4,"epoch":2,"loss":0.5,"standardised_loss":0.0625,"learning_rate":0.001}"#
        )
        let none = try SampleReport.report(projection: ProjectionReport.none(dimensionA: 3, dimensionB: 3))
        #expect(!none.files.contains { $0.name == "metrics.jsonl" })
    }

    @Test func `the loss stands beside that of the mean, and beside R² on other texts`() throws {
        let report = try SampleReport.report()
        #expect(
            report.summaryText.contains(
                "loss 4.00 → 0.500 in 4 steps (the mean alone: 5.00), R² 0.750 on 307 others\n"
            ),
            "\(report.summaryText)")
        let root = try JSONSerialization.jsonObject(with: Data(SampleReport.text("results.json", of: report).utf8))
        let heldOut = try object(root, "projection", "held_out")
        #expect(heldOut["r2"] as? Double == 0.75 && heldOut["coordinate_r2"] as? Double == 0.5)
        #expect(heldOut["texts"] as? Int == 307 && heldOut["loss"] as? Double == 0.75)
        let markdown = try SampleReport.text("report.md", of: report)
        for row in ["loss of predicting the mean", "R² on them"] { #expect(markdown.contains(row), "\(row)") }
    }

    @Test(arguments: [
        (
            ProjectionReport.given(
                file: "w.safetensors", sha256: "00112233445566778899", dimensionA: 3, dimensionB: 4),
            "given", "projection 4 × 3 from w.safetensors (SHA-256 001122334455…)"
        ),
        (.none(dimensionA: 3, dimensionB: 3), "none", "no projection: A's activation goes into B as it is"),
        (
            .none(dimensionA: 128, dimensionB: 96), "none",
            "no projection: the last 96 of A's 128 coordinates go into B as they are"
        ),
        (
            .none(dimensionA: 96, dimensionB: 128), "none",
            "no projection: A's 96 coordinates go into the last 96 of B's 128 as they are"
        ),
    ])
    func `terminal, report and results.json say what maps A's activation`(
        projection: ProjectionReport, source: String, line: String
    ) throws {
        let report = try SampleReport.report(projection: projection)
        #expect(report.summaryText.contains(line + "\n"))
        for file in ["report.md", "report.html"] {
            #expect(
                try SampleReport.text(file, of: report).contains(
                    line.replacing("'", with: file == "report.md" ? "'" : "&#39;")), "\(file)")
        }
        let root = try JSONSerialization.jsonObject(with: Data(SampleReport.text("results.json", of: report).utf8))
        #expect(try object(root, "projection")["source"] as? String == source)
    }

    @Test func `results.json names each setting as its flag, and what the figures rest on`() throws {
        var report = try SampleReport.report()
        report.configuration.projection = .files(["w.safetensors"])
        report.originalCounts = ["squad": 10_570]
        let root = try object(
            try JSONSerialization.jsonObject(with: Data(SampleReport.text("results.json", of: report).utf8)))
        let config = try object(root, "config")
        #expect(config["compute-type"] as? String == "bfloat16" && config["layer-k"] as? Int == 26)
        #expect((config["seed"] as? NSNumber)?.uint64Value == .max && config["chat"] as? Bool == false)
        #expect(config["projection"] as? [String] == ["w.safetensors"])
        #expect(config["learning-rate"] as? Double == 1e-3)
        #expect(try object(root, "versions")["squad"] as? Int == 1)
        #expect(try object(root, "n-samples", "squad") as? [String: Int] == ["original": 10_570, "effective": 4])
        let better = try object(root, "higher_is_better", "squad") as? [String: Bool]
        #expect(better == ["exact_match": true, "f1": true])
        #expect(try object(root, "software")["protocol"] as? String == "1")
    }

    @Test func `numbers that JSON cannot hold become null, and a run of nothing is still a document`() throws {
        let report = try SampleReport.report(losses: [.nan, .infinity])
        let text = try SampleReport.text("results.json", of: report)
        let root = try JSONSerialization.jsonObject(with: Data(text.utf8))
        #expect(try object(root, "projection")["first_loss"] is NSNull)
        let empty = RunReport(
            run: "",
            configuration: RunConfiguration(modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: []),
            versions: [],
            fingerprints: [], deviceKinds: [], channels: [ChannelReport(Channel(k: 0, j: 0))])
        for file in empty.files where file.name == "results.json" {
            let root = try JSONSerialization.jsonObject(with: file.bytes)
            #expect(try object(root, "results").isEmpty)
        }
        #expect(empty.summary.parts.isEmpty)
    }

    @Test func `each line of the samples is one item, whatever its texts hold`() throws {
        let report = try SampleReport.report()
        let lines = try SampleReport.text("samples_squad.jsonl", of: report).split(separator: "\n")
        #expect(lines.count == 4)
        for (index, line) in lines.enumerated() {
            let root = try JSONSerialization.jsonObject(with: Data(line.utf8))
            #expect(try object(root)["id"] as? String == "item-\(index)")
            #expect(try object(root)["gold"] as? [String] == ["red", SampleReport.hostile])
            #expect(try object(root)["question"] as? String == "What was it?")
            // A prompt stands there once, and conditions name it.
            let prompts = try object(root, "prompts")
            #expect(prompts.count == 2)
            #expect(try object(root, "prompts", "b/b")["tokens"] as? [Int] == [1, 40 + index, 7])
            #expect(try object(root, "prompts", "b/b")["omitted"] as? Int == 2)
            #expect(try object(root, "conditions", "silent")["prompt"] as? String == "b/b")
            #expect(try object(root, "conditions", "silent")["message"] == nil)
            let message = try object(root, "conditions", "injected", "message")
            #expect(
                message["norm"] as? Double == 12.5 && message["sha256"] as? String != nil && message["partner"] == nil)
            #expect(try object(root, "conditions", "injected", "message", "read")["prompt"] as? String == "a/a")
            #expect(try object(root, "conditions", "injected", "message", "written")["token"] as? Int == 2)
            let partner = try object(root, "conditions", "other", "message", "partner")
            #expect(partner["doc_id"] as? Int == (index + 1) % 4)
            let noise = try object(root, "conditions", "random")
            #expect(noise["text"] as? String == " not " + SampleReport.hostile)
            #expect(noise["tokens"] as? Int == 2)
            #expect(try object(root, "conditions", "injected")["exact_match"] as? Double == 1)
        }
    }

    @Test func `the prompt's hash is the SHA-256 of the full prompt (Python's hashlib)`() throws {
        let text = try SampleReport.text("samples_squad.jsonl", of: SampleReport.report(items: 1, text: "red"))
        #expect(text.contains("\"prompt_hash\":\"151f0c1f10d8d514e0ca970b5b7d9066c14b949cf2e65cd748bb5918f7c10c4c\""))
    }
}
