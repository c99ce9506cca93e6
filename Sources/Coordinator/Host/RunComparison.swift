package import Evaluation
package import Foundation
import JSON
import PlainText
import Reports

/// Two finished runs laid side by side: in which settings they differ, how their scores differ over the items that both
/// have, and which of these were answered otherwise.
package struct RunComparison: Sendable {
    /// Names of settings, in their order.
    package let settings: [String]
    /// Of the samples files that both have, in the order of their names.
    package let tasks: [TaskComparison]

    /// One samples file's.
    package struct TaskComparison: Sendable {
        /// The file's name.
        package let file: String
        /// Items that both have, by id.
        package let items: Int
        /// Items that one of them has alone.
        package let onlyFirst: Int
        package let onlySecond: Int
        /// Of each condition and metric that both have: the second run's less the first's.
        package let scores: [(condition: String, metric: String, difference: PairedDifference)]
        /// Ids of the items whose answers differ, by condition, in the first run's order.
        package let changed: [(condition: String, ids: [String])]
    }

    /// Bytes of the largest file that is read.
    private static let maximumBytes = 4 << 30

    /// Reads the two folders.
    /// - Throws: ``HostError`` or `JSONError`, naming the file, where one is no folder of a finished run.
    package init(_ first: URL, _ second: URL) throws {
        let manifests = try [first, second].map { folder in
            guard let manifest = try RunManifest.read(from: RunFolder(folder)) else {
                throw HostError.noRun(path: folder.path)
            }
            return manifest
        }
        settings = manifests[0].run == manifests[1].run ? [] : try manifests[0].differences(from: manifests[1])
        let names = try [first, second].map { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
                $0.hasPrefix("samples_") && $0.hasSuffix(".jsonl")
            }
        }
        tasks = try names[0].filter(Set(names[1]).contains).sorted().map { name in
            TaskComparison(
                file: name, try Self.samples(first.appendingPathComponent(name)),
                try Self.samples(second.appendingPathComponent(name)))
        }
    }

    /// One item's answers: by condition what was answered and the numbers beside it.
    fileprivate struct Sample {
        var id: String
        var group: String?
        var answers: [(condition: String, answer: String, values: [(String, Double)])]
    }

    private static func samples(_ file: URL) throws(JSONError) -> [Sample] {
        let bytes = try JSONFile.bytes(of: file, limit: maximumBytes)
        var samples: [Sample] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let field = try JSONField<JSONError>(file: file.path, bytes: Array(line))
            var answers: [(condition: String, answer: String, values: [(String, Double)])] = []
            for (name, condition) in try field.required("conditions").members() {
                guard case .object(let members) = condition.value else { continue }
                let values = members.compactMap { member -> (String, Double)? in
                    guard case .numeral(let numeral) = member.value, let value = numeral.double else { return nil }
                    return counts.contains(member.name) ? nil : (member.name, value)
                }
                answers.append((name, try condition.string("answer") ?? "", values))
            }
            samples.append(
                Sample(id: try field.required("id").string(), group: try field.string("group"), answers: answers))
        }
        return samples
    }

    /// Numbers of an answer that are no score.
    private static let counts: Set<String> = ["tokens", "omitted_prompt_tokens"]
}

extension RunComparison.TaskComparison {
    fileprivate init(file: String, _ first: [RunComparison.Sample], _ second: [RunComparison.Sample]) {
        let byID = Dictionary(second.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let pairs = first.compactMap { sample in byID[sample.id].map { (sample, $0) } }
        self.file = file
        items = pairs.count
        (onlyFirst, onlySecond) = (first.count - pairs.count, second.count - pairs.count)
        var scores: [(condition: String, metric: String, difference: PairedDifference)] = []
        var changed: [(condition: String, ids: [String])] = []
        let statistics = pairs.isEmpty ? nil : ItemStatistics(Clusters(pairs.map(\.0.group)), seed: 0, name: file)
        for (condition, _, values) in pairs.first?.0.answers ?? [] {
            func answer(_ sample: RunComparison.Sample) -> (answer: String, values: [(String, Double)])? {
                sample.answers.first { $0.condition == condition }.map { ($0.answer, $0.values) }
            }
            let answers = pairs.compactMap { pair in
                answer(pair.0).flatMap { one in answer(pair.1).map { (pair.0.id, one, $0) } }
            }
            guard answers.count == pairs.count else { continue }
            changed.append((condition, answers.filter { $0.1.answer != $0.2.answer }.map(\.0)))
            for (metric, _) in values {
                func column(_ side: [[(String, Double)]]) -> [Double] {
                    side.compactMap { $0.first { $0.0 == metric }?.1 }
                }
                let (mine, theirs) = (column(answers.map(\.1.values)), column(answers.map(\.2.values)))
                guard let statistics, mine.count == pairs.count, theirs.count == pairs.count else { continue }
                let areShares = (mine + theirs).allSatisfy { (0...1).contains($0) }
                scores.append(
                    (
                        condition, metric,
                        statistics.difference(
                            theirs, mine, areShares: areShares, contrast: "\(condition)/\(metric)")
                    ))
            }
        }
        self.scores = scores
        self.changed = changed
    }
}

extension RunComparison {
    /// What the terminal shows.
    package var text: String {
        var parts = [
            settings.isEmpty
                ? "the same settings, models and data\n"
                : "differing settings: " + settings.joined(separator: ", ") + "\n"
        ]
        for task in tasks {
            var table = Table([
                .init("\(task.file), \(Quantities.count(task.items)) items in both"), .init("metric"),
                .init("second less first", .trailing),
            ])
            for score in task.scores {
                table.add([score.condition, score.metric, score.difference.plainText])
            }
            let alone = task.onlyFirst + task.onlySecond
            parts.append(
                table.text
                    + (alone == 0
                        ? ""
                        : "\(Quantities.count(task.onlyFirst)) items are in the first alone, "
                            + "\(Quantities.count(task.onlySecond)) in the second\n"))
            let changes = task.changed.filter { !$0.ids.isEmpty }.map { change in
                let shown = change.ids.prefix(10).map(PrintableText.oneLine).joined(separator: ", ")
                return "\(change.condition): \(Quantities.count(change.ids.count)) items answered otherwise: \(shown)"
                    + (change.ids.count > 10 ? ", …" : "") + "\n"
            }
            parts.append(changes.isEmpty ? "every item is answered alike\n" : changes.joined())
        }
        return parts.joined(separator: "\n")
    }
}
