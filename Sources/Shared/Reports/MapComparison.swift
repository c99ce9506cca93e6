import Evaluation
import JSON
import PlainText
package import Run

/// The maps of one line beside each other: how well each predicts B's activations, and what its messages are worth. The
/// first says nothing of the second, so both stand in one table.
package struct MapComparison: Hashable, Sendable {
    package var line: Channel
    package var maps: [Map]

    package struct Map: Hashable, Sendable {
        /// A fit's, `identity` or `mean`.
        package var name: String
        /// The channel that has its scores; nil of a map that no message goes through.
        package var channel: Channel?
        /// On the texts that were held out.
        package var heldOut: HeldOutSummary

        package init(_ name: String, channel: Channel? = nil, heldOut: HeldOutSummary) {
            self.name = name
            self.channel = channel
            self.heldOut = heldOut
        }
    }

    package init(_ line: Channel, maps: [Map]) {
        self.line = line
        self.maps = maps
    }
}

extension RunReport {
    /// What the messages over a map's channel are worth against others', in each task by its headline.
    private func effects(of map: MapComparison.Map) -> [(audit: TaskAudit, difference: PairedDifference)] {
        guard let place = channels.firstIndex(where: { $0.channel == map.channel }) else { return [] }
        return audits[place].compactMap { audit in
            audit.scores.contrasts.first { $0.contrast == .own && $0.metric == audit.headline }
                .map { (audit, $0.difference) }
        }
    }

    private func title(of comparison: MapComparison) -> String {
        "maps" + (maps.count > 1 ? " over \(comparison.line)" : "")
    }

    private func columns(of comparison: MapComparison) -> [String] {
        let effects = comparison.maps.lazy.map(self.effects).first { !$0.isEmpty } ?? []
        return [title(of: comparison), "R²", "MSE", "MSE, standardised", "cosine"]
            + effects.map { "\($0.audit.scores.task.title) \($0.audit.headline.title), CAG" }
    }

    private func rows(of comparison: MapComparison) -> [[String]] {
        let count = columns(of: comparison).count
        return comparison.maps.map { map in
            let fit = map.heldOut
            let row =
                [map.name, fit.r2.map { Quantities.fixed($0, digits: 3) } ?? "–"]
                + [fit.loss, fit.standardisedLoss].map(Quantities.significant)
                + [Quantities.fixed(fit.cosine, digits: 3)]
                + effects(of: map).map { $0.difference.text(of: $0.audit.headline) }
            return row + [String](repeating: "–", count: max(0, count - row.count))
        }
    }

    /// For the terminal.
    var mapTables: [Table] {
        maps.map { comparison in
            var table = Table(
                columns(of: comparison).enumerated().map { .init($0.element, $0.offset == 0 ? .leading : .trailing) })
            for row in rows(of: comparison) { table.add(row) }
            return table
        }
    }

    var mapsSection: ReportDocument.Section? {
        guard !maps.isEmpty else { return nil }
        return .init(
            title: "Maps",
            blocks: [
                .paragraph(
                    "How well each map predicts B's activations of \(Quantities.count(maps[0].maps[0].heldOut.texts)) texts "
                        + "that it was not made of, and what its messages are worth against other items' messages (CAG). "
                        + "A map that predicts well need not be of use to B.")
            ]
                + maps.map { comparison in
                    .table(DocumentTable(titles: columns(of: comparison), rows: rows(of: comparison)))
                })
    }

    /// By line and map.
    var mapsJSON: JSONValue {
        .object(
            maps.map { comparison in
                .init(
                    name: "\(comparison.line)",
                    value: .object(comparison.maps.map { .init(name: $0.name, value: json($0)) }))
            })
    }

    private func json(_ map: MapComparison.Map) -> JSONValue {
        let effects = effects(of: map).map { audit, difference in
            JSONValue.Member(
                name: audit.scores.task.name,
                value: .object(Self.members(of: difference, named: audit.headline.name)))
        }
        return .members(
            ("texts", .count(map.heldOut.texts)), ("r2", .optional(map.heldOut.r2)), ("mse", .number(map.heldOut.loss)),
            ("standardised_mse", .number(map.heldOut.standardisedLoss)), ("cosine", .number(map.heldOut.cosine)),
            ("cag", .object(effects)))
    }
}
