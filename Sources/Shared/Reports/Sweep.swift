import Evaluation
import PlainText
import Run

/// What the own message is worth against others' over every channel between ranges of blocks: the k × j plot.
extension RunReport {
    /// nil where the channels do not lie on a grid of at least two blocks of each model.
    var sweepSection: ReportDocument.Section? {
        // A message at several blocks has no place between two of them.
        let single = channels.indices.filter { !channels[$0].channel.hasSeveralLinks }
        let fits = ProjectionFit.allCases.filter { fit in single.contains { channels[$0].channel.fit == fit } }
        let audits = audits
        let blocks = fits.flatMap { fit -> [ReportDocument.Block] in
            let places = single.filter { channels[$0].channel.fit == fit }
            guard Set(places.map { channels[$0].channel.k }).count > 1,
                Set(places.map { channels[$0].channel.j }).count > 1
            else { return [] }
            let byTask = audits[places[0]].indices.map { task in places.map { (channels[$0].channel, audits[$0][task]) }
            }
            let named = fits.count > 1 ? ", \(fit.rawValue)" : ""
            return byTask.flatMap { cells -> [ReportDocument.Block] in
                let headline = cells[0].1.headline
                let metrics = [headline] + (headline == .goldLikelihood ? [] : [.goldLikelihood])
                return metrics.compactMap { heatmap(cells, $0, named) }
            }
        }
        guard !blocks.isEmpty else { return nil }
        return .init(
            title: "Channels by blocks",
            blocks: [
                .paragraph(
                    "CAG, what the item's own message is worth against other items', by the blocks after which A is read (k) "
                        + "and B is written (j). The best of many cells looks better than it is: it was found on these very "
                        + "items.")
            ] + blocks)
    }

    private func heatmap(
        _ cells: [(channel: Channel, audit: TaskAudit)], _ metric: Metric, _ named: String
    ) -> ReportDocument.Block? {
        let scale = metric.scale == .share ? 100.0 : 1
        let found = cells.compactMap { channel, audit -> HeatPlot.Cell? in
            guard
                let score = audit.scores.contrasts.first(where: { $0.contrast == .own && $0.metric == metric })?
                    .difference.score
            else { return nil }
            return HeatPlot.Cell(
                x: channel.k, y: channel.j, value: scale * score.mean, low: scale * score.interval.low,
                high: scale * score.interval.high)
        }
        guard !found.isEmpty else { return nil }
        let unit = metric.scale == .share ? "points of \(metric.title)" : "nats of \(metric.title)"
        return .plot(
            .heat(
                HeatPlot(
                    title: "\(cells[0].audit.scores.task.title)\(named): CAG in \(unit)", xTitle: "k, blocks of A",
                    yTitle: "j, blocks of B", unit: unit, cells: found)))
    }
}
