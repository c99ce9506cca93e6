import DemoAssets
import Foundation
import Storage
import TestSupport
import Testing

/// `--lm-eval`: files as lm-evaluation-harness writes them.
@Suite(.blocking)
struct HarnessFileTests {
    private let scratch: TemporaryFolder
    private var output: URL { scratch.file("run") }

    init() throws { scratch = try TemporaryFolder() }

    private func run(_ more: [String] = []) throws -> ProgramProcess.Ending {
        try ProgramProcess.run(
            "coordinator",
            ShortRun.arguments(output: output, ["--workers", "1", "--threads", "1", "--limit", "4"] + more),
            in: scratch)
    }

    private func files() throws -> [String: Data] {
        let folder = output.appendingPathComponent("lm_eval")
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where name.contains(".json") {
            files[name] = try Data(contentsOf: folder.appendingPathComponent(name))
        }
        return files
    }

    @Test func `a finished run gets them without a worker, and its list of files covers them`() throws {
        #expect(try run().code == 0)
        let again = try run(["--lm-eval"])
        #expect(again.code == 0, "\(again.errors)")
        let files = try files()
        #expect(files.keys.contains("silent/results_1970-01-01T00-00-00.000000.json"))
        #expect(files.keys.contains("injected/samples_squad_1970-01-01T00-00-00.000000.jsonl"))
        let manifest = try String(contentsOf: output.appendingPathComponent("run.json"), encoding: .utf8)
        for (name, bytes) in files {
            #expect(manifest.contains("lm_eval/\(name)") && manifest.contains(ContentHasher.digest(of: bytes).hex))
        }
        // Made again where they were there, to the same bytes; and by the run's own command where one was changed.
        try FileManager.default.removeItem(at: output.appendingPathComponent("lm_eval"))
        let report = try ProgramProcess.run("coordinator", ["report", output.path], in: scratch)
        #expect(report.code == 0, "\(report.errors)")
        #expect(try self.files() == files)
    }

    @Test(.enabled(if: PythonPrograms.harness != nil, "\(PythonPrograms.harnessAbsence)"))
    func `the harness's own functions read them`() throws {
        #expect(try run(["--lm-eval"]).code == 0)
        let program = """
            import json, sys
            from pathlib import Path
            from datasets import load_dataset
            from lm_eval import utils

            names = [str(path) for path in Path(sys.argv[1]).rglob("*") if path.is_file()]
            results = utils.get_latest_filename(utils.get_results_filenames(names))
            samples = utils.get_latest_filename(utils.get_sample_results_filenames(names))
            assert utils.get_file_task_name(Path(samples).name) == "squad", samples
            table = utils.make_table(json.loads(Path(results).read_text(encoding="utf-8")))
            assert "exact_match" in table and "squad" in table, table
            rows = load_dataset("json", data_files=samples, split="train", cache_dir=sys.argv[2])
            assert len(rows) == 4, rows
            for row in rows:
                assert utils.hash_string(row["arguments"]["gen_args_0"]["arg_0"]) == row["prompt_hash"]
                document = json.dumps(row["doc"], indent=2, ensure_ascii=False)
                assert utils.hash_string(document) == row["doc_hash"], document
                assert set(row["metrics"]) <= set(row), row
            print("read")
            """
        let folder = output.appendingPathComponent("lm_eval/silent")
        let ending = try #require(PythonPrograms.harness).run(
            program, [folder.path, scratch.file("cache").path], in: scratch)
        #expect(ending.code == 0 && ending.output.contains("read"), "\(ending.errors)")
    }
}
