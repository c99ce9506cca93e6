package import Foundation

/// A file of a run, ready to be written.
package struct ReportFile: Hashable, Sendable {
    /// Relative to the run's folder.
    package var name: String
    package var bytes: Data

    init(_ name: String, _ text: String) {
        self.name = name
        bytes = Data(text.utf8)
    }
}

extension RunReport {
    package static let pageFile = "report.html"

    /// All files that the report is made of, `timing.json` apart: `config.yaml`, `results.json`, `samples_<task>.jsonl`
    /// (of several channels `samples_<task>_k<K>_j<J>.jsonl`), `report.md`, `report.html`, `metrics.jsonl` where W was
    /// trained, `summary.txt`, what the terminal shows, and `summary.json`, the same to be laid out again.
    package var files: [ReportFile] {
        let samples = channels.flatMap { channel in
            channel.tasks.enumerated().map { place, task in
                ReportFile(
                    "samples_\(task.task.name)\(hasSeveralChannels ? channel.channel.suffix : "").jsonl",
                    Self.samples(of: task, channel.readings(ofTask: place)))
            }
        }
        return [ReportFile(Self.settingsFile, settingsYAML), ReportFile("results.json", resultsJSON.pretty + "\n")]
            + samples
            + [ReportFile("report.md", markdown), ReportFile(Self.pageFile, html)]
            + (metrics.map { [ReportFile(Self.metricsFile, $0)] } ?? [])
            + [
                ReportFile("summary.txt", summary.text(tableWidth: Self.summaryColumns)),
                ReportFile(Summary.file, summary.json.compact + "\n"),
            ]
    }
}
