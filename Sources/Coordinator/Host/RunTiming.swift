import Foundation
import Reports
import Run
import Storage

/// `timing.json` of a run in a folder: the sessions before, and this one as far as it has come.
struct RunTiming {
    private let folder: RunFolder
    private let making: TimingReport.Making
    private let began = Date()
    private let earlier: TimingReport?
    /// Why sessions before do not count, if they do not.
    let flaw: String?
    private var lastWritten = ContinuousClock.now

    /// Seconds between writings while the run goes on: of a coordinator that is killed as many are not known.
    private static let interval = Duration.seconds(15)

    /// Reads what the sessions before have left.
    init(_ inputs: RunInputs, _ folder: RunFolder, command: [String]) {
        self.folder = folder
        making = TimingReport.Making(
            command: command, host: ProcessInfo.processInfo.hostName,
            paths: inputs.paths + [.init(flag: "output", path: folder.url.standardizedFileURL.path)])
        do {
            let report = try folder.read(TimingReport.name, limit: TimingReport.byteLimit).map { try TimingReport($0) }
            earlier = report?.run == inputs.manifest.run ? report : nil
            flaw = nil
        } catch {
            earlier = nil
            flaw = "\(folder.path(of: TimingReport.name)): cannot be read, so times of earlier sessions do not count"
        }
    }

    /// The sessions before, and this one as far as it has come.
    func report(_ status: RunStatus, _ conditions: [TimingReport.ConditionTiming]) -> TimingReport {
        TimingReport(
            after: earlier, status: status, conditions: conditions, began: began, now: Date(), software: productVersion,
            making: making)
    }

    /// What is to be written now; nil where it was a moment ago.
    mutating func due(
        _ status: @autoclosure () -> RunStatus, _ conditions: @autoclosure () -> [TimingReport.ConditionTiming]
    ) -> TimingReport? {
        guard ContinuousClock.now - lastWritten > Self.interval else { return nil }
        lastWritten = .now
        return report(status(), conditions())
    }

    /// Writes the session's end.
    func write(_ status: RunStatus, _ conditions: [TimingReport.ConditionTiming]) throws {
        try Self.write(report(status, conditions), to: folder)
    }

    static func write(_ report: TimingReport, to folder: RunFolder) throws {
        try folder.write(report.bytes, to: TimingReport.name)
    }
}

extension TimingReport {
    /// What the sessions of a run have left; nil where there is nothing that can be read.
    init?(of run: String, in folder: RunFolder) {
        guard let bytes = try? folder.read(Self.name, limit: Self.byteLimit), let report = try? TimingReport(bytes),
            report.run == run
        else { return nil }
        self = report
    }
}

extension RunInputs {
    /// Where models and data files lie.
    fileprivate var paths: [TimingReport.Making.Place] {
        let files = [("model-a", configuration.modelA), ("model-b", configuration.modelB)] + configuration.files
        return files.map { .init(flag: $0.0, path: URL(fileURLWithPath: $0.1).standardizedFileURL.path) }
    }
}
