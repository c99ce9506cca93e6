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
    /// All files that the report is made of, `timing.json` apart: `results.json`, `samples_<task>.jsonl`,
    /// `report.md` and `report.html`.
    package var files: [ReportFile] {
        [ReportFile("results.json", resultsJSON.pretty + "\n")]
            + tasks.map { ReportFile("samples_\($0.task.rawValue).jsonl", Self.samples(of: $0)) }
            + [ReportFile("report.md", markdown), ReportFile("report.html", html)]
    }
}
