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
        /// Whether it predicts A's activations by B's.
        package var isReverse: Bool
        /// The file of its W; nil where there is none.
        package var file: String?
        /// On the texts that were held out.
        package var heldOut: HeldOutSummary

        package init(
            _ name: String, channel: Channel? = nil, isReverse: Bool = false, file: String? = nil,
            heldOut: HeldOutSummary
        ) {
            self.name = name
            self.channel = channel
            self.isReverse = isReverse
            self.file = file
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

    /// All lines' maps as one table: titles and rows.
    private var mapTable: DocumentTable {
        let all = maps.flatMap { comparison in comparison.maps.map { (comparison.line, $0, effects(of: $0)) } }
        let measured = all.first { !$0.2.isEmpty }?.2 ?? []
        let titles =
            ["map", "R²", "MSE", "MSE, standardised", "cosine"]
            + measured.map { "\($0.audit.scores.task.title) \($0.audit.headline.title), CAG" }
        let rows = all.map { line, map, effects in
            let fit = map.heldOut
            let row =
                [
                    (maps.count > 1 ? "\(line) " : "") + map.name + (map.isReverse ? ", B to A" : ""),
                    fit.r2.map { Quantities.fixed($0, digits: 3) } ?? "–",
                ]
                + [fit.loss, fit.standardisedLoss].map(Quantities.significant)
                + [Quantities.fixed(fit.cosine, digits: 3)]
                + effects.map { $0.difference.text(of: $0.audit.headline) }
            return row + [String](repeating: "–", count: max(0, titles.count - row.count))
        }
        return DocumentTable(titles: titles, rows: rows)
    }

    /// For the terminal; nil where there are none to compare.
    var mapsText: Table? {
        guard !maps.isEmpty else { return nil }
        let shown = mapTable
        var table = Table(
            shown.titles.enumerated().map { .init($0.element, $0.offset == 0 ? .leading : .trailing) })
        for row in shown.rows { table.add(row) }
        return table
    }

    var mapsSection: ReportDocument.Section? {
        guard !maps.isEmpty else { return nil }
        return .init(
            title: "Maps",
            blocks: [
                .paragraph(
                    "How well each map predicts B's activations of \(Quantities.count(maps[0].maps[0].heldOut.texts)) texts "
                        + "that it was not made of, and what its messages are worth against other items' messages (CAG). "
                        + "A map that predicts well need not be of use to B."), .table(mapTable),
            ] + (maps.contains { $0.maps.contains(where: \.isReverse) } ? [.paragraph(Self.reverseNote)] : []))
    }

    private static let reverseNote =
        "B to A: the maps that predict A's activations by B's, of the same texts. No message goes through them here; their "
        + "files serve a run with A and B exchanged."

    /// By line and map; maps from B to A with `/reverse` behind the name.
    var mapsJSON: JSONValue {
        .object(
            maps.map { comparison in
                .init(
                    name: "\(comparison.line)",
                    value: .object(
                        comparison.maps.map {
                            .init(name: $0.name + ($0.isReverse ? "/reverse" : ""), value: json($0))
                        }))
            })
    }

    private func json(_ map: MapComparison.Map) -> JSONValue {
        let effects = effects(of: map).map { audit, difference in
            JSONValue.Member(
                name: audit.scores.task.name,
                value: .object(Self.members(of: difference, named: audit.headline.name)))
        }
        // Of the others the file stands with their channel.
        let file = map.isReverse ? map.file.map { [JSONValue.Member(name: "file", value: .string($0))] } ?? [] : []
        let fit = JSONValue.members(
            ("texts", .count(map.heldOut.texts)), ("r2", .optional(map.heldOut.r2)), ("mse", .number(map.heldOut.loss)),
            ("standardised_mse", .number(map.heldOut.standardisedLoss)), ("cosine", .number(map.heldOut.cosine)),
            ("cag", .object(effects)))
        guard case .object(let members) = fit else { return fit }
        return .object(file + members)
    }
}
