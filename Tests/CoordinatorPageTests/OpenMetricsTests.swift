import Foundation
import Run
import Testing

@testable import CoordinatorPage

/// The exposition against the rules of OpenMetrics 1.0, as a parser of it reads them.
struct OpenMetricsTests {
    /// A family as it was read.
    private struct Family {
        var type: String
        var unit: String?
        var help: String?
        var samples: [(name: String, labels: [String: String], value: Double)] = []
    }

    private struct Wrong: Error { var what: String }

    /// Reads the text as strictly as the standard allows.
    private func parse(_ text: String) throws -> [String: Family] {
        guard text.hasSuffix("# EOF\n"), !text.contains("\r") else { throw Wrong(what: "end") }
        var families: [String: Family] = [:]
        var current = ""
        for line in text.dropLast("# EOF\n".count).split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            if line.hasPrefix("# ") {
                let words = line.split(separator: " ", maxSplits: 3).map(String.init)
                guard words.count == 4 else { throw Wrong(what: String(line)) }
                switch words[1] {
                case "TYPE":
                    // Families do not interleave, and come once.
                    guard families[words[2]] == nil else { throw Wrong(what: "\(words[2]) twice") }
                    families[words[2]] = Family(type: words[3])
                    current = words[2]
                case "UNIT":
                    guard words[2] == current, current.hasSuffix("_" + words[3]) else {
                        throw Wrong(what: String(line))
                    }
                    families[current]?.unit = words[3]
                case "HELP":
                    guard words[2] == current else { throw Wrong(what: String(line)) }
                    families[current]?.help = words[3]
                default: throw Wrong(what: String(line))
                }
                continue
            }
            let match = try #require(
                line.wholeMatch(
                    of: #/([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)/#
                ),
                "\(line)")
            let family = try #require(families[current])
            let name = String(match.1)
            let suffixes = ["gauge": [""], "stateset": [""], "counter": ["_total"], "info": ["_info"]]
            guard suffixes[family.type]?.contains(where: { name == current + $0 }) == true else {
                throw Wrong(what: "\(name) in \(current)")
            }
            var labels: [String: String] = [:]
            for label in String(match.2 ?? "").matches(
                of: #/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/#)
            {
                guard labels.updateValue(String(label.2), forKey: String(label.1)) == nil else {
                    throw Wrong(what: "label twice in \(line)")
                }
            }
            let number = match.3.replacing("+Inf", with: "inf").replacing("-Inf", with: "-inf")
            let value = try #require(Double(number.lowercased()))
            let isKnown = family.samples.contains { $0.labels == labels }
            guard !isKnown else { throw Wrong(what: "series twice: \(line)") }
            families[current]?.samples.append((name, labels, value))
        }
        return families
    }

    @Test func `a status is read back, whatever its texts hold`() throws {
        let families = try parse(OpenMetrics.text(of: ShownStatus(SampleStatus.status()), watched: (3, 1)))
        #expect(families.values.allSatisfy { $0.help?.isEmpty == false })
        #expect(
            families["activation_run_phase"]?.samples.filter { $0.value == 1 }.map(\.labels)
                == [["activation_run_phase": "running"]])
        #expect(families["activation_faults"]?.type == "counter")
        #expect(families["activation_stage_under_way"]?.samples.map(\.value) == [0, 3])
        #expect(families["activation_worker_memory_bytes"]?.unit == "bytes")
        #expect(families["activation_worker_units"]?.samples.count == 2)
        #expect(families["activation_page_viewers_dropped"]?.samples.map(\.value) == [1])
        let worker = families["activation_worker_units"]?.samples[0].labels["worker"] ?? ""
        #expect(worker.hasPrefix(#"w0 a\"b\\c\n<script>"#))
    }

    @Test func `what is not known is left out, and a loss that is no number is one`() throws {
        var status = SampleStatus.status(workers: 0, loss: .infinity)
        status.etaSeconds = nil
        status.scores = []
        let families = try parse(OpenMetrics.text(of: ShownStatus(status), watched: (0, 0)))
        #expect(families["activation_run_remaining_seconds"]?.samples.isEmpty == true)
        #expect(families["activation_score"]?.samples.isEmpty == true)
        #expect(families["activation_training_loss"]?.samples.map(\.value) == [.infinity])
    }

    @Test func `channels of one line that are fitted in several ways are series of their own`() throws {
        var status = SampleStatus.status()
        var other = status.scores[0]
        other.channel = Channel(k: 4, j: 5, fit: .ridge)
        status.scores.append(other)
        let families = try parse(OpenMetrics.text(of: ShownStatus(status), watched: (0, 0)))
        #expect(families["activation_score"]?.samples.map { $0.labels["channel"] } == ["4:5", "4:5/ridge"])
    }

    @Test func `workers are counted by what they do, and those lost last have series`() throws {
        var status = SampleStatus.status(workers: 100)
        for place in 0..<90 {
            status.workers[place].state = .lost
            status.workers[place].lastHeardSeconds = Double(100 - place)
        }
        let families = try parse(OpenMetrics.text(of: ShownStatus(status), watched: (0, 0)))
        let counts = families["activation_workers"]?.samples.filter { $0.value > 0 }
        #expect(counts?.map { $0.labels["state"] } == ["working", "lost"] && counts?.map(\.value) == [10, 90])
        #expect(families["activation_worker_units"]?.samples.map(\.value) == (58..<100).map(Double.init))
    }
}
