import Foundation
import Reports
import Run
import Testing

/// `timing.json`: what a run's sessions took, added up.
struct TimingReportTests {
    private static let making = TimingReport.Making(
        command: ["coordinator", "run", "--model-a", "a b"], host: "h",
        paths: [.init(flag: "model-a", path: "/models/a b")])

    /// A session of 12.5 s, 10 of them training.
    private static func status(_ phase: RunStatus.Phase, extracted: Double, trained: Int) -> RunStatus {
        RunStatus(
            run: "abc", phase: phase, elapsedSeconds: 12.5,
            stages: [
                StageStatus(
                    stage: .extract, unitsDone: 4, unitsTotal: 4, seconds: extracted, rate: nil, etaSeconds: nil),
                StageStatus(
                    stage: .train, unitsDone: trained, unitsTotal: 960, seconds: 10, rate: 96, etaSeconds: nil),
            ],
            loss: 0.5,
            workers: [
                WorkerStatus(
                    worker: "h/1", host: "h", processID: 7, deviceKind: "cpu", state: .lost, unitsDone: 5, leases: 0,
                    rate: nil, lastHeardSeconds: 1, bytesIn: .max, bytesOut: 0)
            ],
            faults: [Fault(atSeconds: 3, worker: nil, what: SampleReport.hostile)], faultCount: 9)
    }

    private static func report(
        after earlier: TimingReport?, _ status: RunStatus, _ conditions: [TimingReport.ConditionTiming] = []
    ) -> TimingReport {
        let began = Date(timeIntervalSince1970: 0)
        return TimingReport(
            after: earlier, status: status, conditions: conditions, began: began, now: began + 12.5, software: "1",
            making: making)
    }

    @Test func `two sessions add up, also where a stage was done in the first`() throws {
        let first = Self.report(after: nil, Self.status(.stopping, extracted: 2, trained: 400))
        // Through the file, as the next session finds it.
        let report = Self.report(
            after: try TimingReport(first.bytes), Self.status(.done, extracted: 0, trained: 960))
        let root = try #require(try JSONSerialization.jsonObject(with: report.bytes) as? [String: Any])
        #expect(root["phase"] as? String == "done")
        #expect(root["updated_at"] as? String == "1970-01-01T00:00:12Z")
        #expect(root["elapsed_seconds"] as? Double == 25)
        #expect(root["fault_count"] as? Int == 18)
        let stages = try #require(root["stages"] as? [[String: Any]])
        #expect(stages.map { $0["seconds"] as? Double } == [2, 20])
        #expect(stages.map { $0["units_per_second"] as? Double } == [2, 48])
        let sessions = try #require(root["sessions"] as? [[String: Any]])
        #expect(sessions.map { $0["phase"] as? String } == ["stopping", "done"])
        let making = try #require(sessions[0]["making"] as? [String: Any])
        #expect(making["command"] as? [String] == ["coordinator", "run", "--model-a", "a b"])
        #expect((making["paths"] as? [[String: String]])?.first == ["flag": "model-a", "path": "/models/a b"])
        let workers = try #require(root["workers"] as? [[String: Any]])
        #expect(workers.map { $0["session"] as? Int } == [1, 2])
        #expect((workers[0]["bytes_in"] as? NSNumber)?.uint64Value == .max)
        let faults = try #require(root["faults"] as? [[String: Any]])
        #expect(faults[0]["what"] as? String == SampleReport.hostile)
    }

    private static func spent(
        _ condition: String, _ seconds: Double, answers: Int = 2, channel: Channel = Channel(k: 26, j: 24)
    ) -> TimingReport.ConditionTiming {
        .init(
            stage: .evaluate(task: "squad"), channel: channel, condition: condition, answers: answers, seconds: seconds)
    }

    @Test func `what workers spent on a condition's answers adds up over sessions`() throws {
        let status = Self.status(.done, extracted: 2, trained: 400)
        let first = Self.report(after: nil, status, [Self.spent("injected", 3), Self.spent("silent", 1)])
        let second = Self.report(
            after: try TimingReport(first.bytes), status,
            [Self.spent("silent", 0.5, answers: 1), Self.spent("silent", 9, channel: Channel(k: 1, j: 1))])
        #expect(
            second.conditions == [
                Self.spent("injected", 3), Self.spent("silent", 1.5, answers: 3),
                Self.spent("silent", 9, channel: Channel(k: 1, j: 1)),
            ])
        // A file of a version that did not tell.
        var root = try #require(try JSONSerialization.jsonObject(with: first.bytes) as? [String: Any])
        root["conditions"] = nil
        let before = try TimingReport(JSONSerialization.data(withJSONObject: root))
        #expect(before.conditions == nil)
        #expect(Self.report(after: before, status, [Self.spent("silent", 1)]).conditions == [Self.spent("silent", 1)])
    }

    @Test func `seconds stand in a page of their own and on the terminal, and in no other file`() throws {
        let report = try SampleReport.report()
        let status = Self.status(.done, extracted: 2, trained: 400)
        let plain = Self.report(after: nil, status)
        #expect(report.timingPage(plain) == nil && plain.spending == nil)
        let timing = Self.report(
            after: nil, status,
            [
                Self.spent("silent", 1), Self.spent("injected", 3), Self.spent("other", 8), Self.spent("other_2", 2),
                Self.spent("gate_identity_a", 1),
            ])
        let page = try #require(report.timingPage(timing))
        let html = String(decoding: page.bytes, as: UTF8.self)
        #expect(page.name == "timing.html" && !report.files.contains { $0.name == page.name })
        #expect(html.contains("F1 against seconds") && html.contains("condition,seconds of a worker for an answer,"))
        // Means of an answer; of one that is asked with two messages over both.
        #expect(html.contains("\nsilent,0.5,") && html.contains("\ninjected,1.5,") && html.contains("\nother,2.5,"))
        #expect(!html.contains("gate_"))
        let table = try #require(timing.spending).text(tableWidth: 80)
        #expect(
            table.contains("a worker's time for an answer") && table.contains("1.50 s")
                && table.contains("500 ms"), "\(table)")
        #expect(!report.summaryText.contains("a worker's time"))
    }

    @Test func `however many sessions there are, the file is bounded and the sums are whole`() throws {
        var report: TimingReport?
        for _ in 0..<1500 { report = Self.report(after: report, Self.status(.stopping, extracted: 1, trained: 1)) }
        let last = try #require(report)
        #expect(last.sessionCount == 1500 && last.elapsedSeconds == 1500 * 12.5 && last.faultCount == 1500 * 9)
        #expect(last.sessions.map(\.number) == Array(1401...1500))
        #expect(last.workers.count == 1000 && last.faults.count == 1000)
        #expect(try last.bytes.count < TimingReport.byteLimit)
    }

    @Test(arguments: ["", "{}", "[]", #"{"run": 1}"#])
    func `what is no such file is refused`(text: String) {
        #expect(throws: (any Error).self) { try TimingReport(Data(text.utf8)) }
    }
}
