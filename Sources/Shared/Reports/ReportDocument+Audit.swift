import Evaluation
import PlainText

/// The audit's sections of the report.
extension RunReport {
    static func section(_ audits: [TaskAudit]) -> ReportDocument.Section {
        var blocks: [ReportDocument.Block] = []
        for audit in audits {
            blocks += [.paragraph(audit.sentence), .paragraph(audit.evidenceText)]
            let metrics = audit.scores.metrics.filter { metric in
                audit.scores.contrasts.contains { $0.metric == metric }
            }
            guard !metrics.isEmpty else { continue }
            blocks += [.plot(.contrasts(audit)), .table(table(of: audit.scores.contrasts, metrics))]
            for group in audit.scores.groups where !group.contrasts.isEmpty {
                blocks.append(.paragraph("\(group.group), \(Quantities.count(group.count)) items"))
                blocks.append(.table(table(of: group.contrasts, metrics)))
            }
        }
        return .init(title: "What the message is worth", blocks: blocks)
    }

    private static func table(of scores: [ContrastScore], _ metrics: [Metric]) -> DocumentTable {
        DocumentTable(
            titles: ["contrast"] + metrics.map(\.title),
            rows: Contrast.all.filter { contrast in scores.contains { $0.contrast == contrast } }.map { contrast in
                ["\(contrast.name): \(contrast.title)"]
                    + metrics.map { metric in
                        scores.first { $0.contrast == contrast && $0.metric == metric }?.difference.text(of: metric)
                            ?? "–"
                    }
            })
    }

    static func section(_ parity: [PassedParity]) -> ReportDocument.Section {
        let files = parity.map { passed in
            let making = passed.making.map { " by \($0)" } ?? ""
            return ReportDocument.Block.paragraph(
                "\(passed.gate.name): \(passed.gate.title), of \(passed.file) "
                    + "(sha256 \(passed.sha256.prefix(12))…)\(making).")
        }
        let rows = parity.flatMap { passed in
            passed.checks.map { check in
                [
                    "\(passed.gate.model.rawValue): \(check.figure.title)", Quantities.count(check.compared),
                    check.largest.map(Quantities.significant) ?? "–",
                    check.figure.tolerance.map(Quantities.significant) ?? "equal",
                ]
            }
        }
        return .init(
            title: "Parity",
            blocks: [.paragraph("Compared before any other work; a run whose model is off ends.")]
                + files + [
                    .table(DocumentTable(titles: ["figure", "compared", "largest difference", "allowed"], rows: rows))
                ])
    }

    static func section(_ gates: [PassedGates]) -> ReportDocument.Section {
        .init(
            title: "Gates",
            blocks: [
                .paragraph("What held to the last bit before the figures counted; a run of which one does not ends."),
                .table(
                    DocumentTable(
                        titles: ["task", "gate", "what it says", "items"],
                        rows: gates.flatMap { passed in
                            passed.gates.map { [passed.task, $0.name, $0.title, String(passed.items)] }
                        }, figures: false)),
            ])
    }
}
