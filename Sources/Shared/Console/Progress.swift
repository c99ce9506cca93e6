import PlainText

/// How far a stage is: what one drawing of a progress bar shows.
package struct Progress: Hashable, Sendable {
    /// The stage's name.
    package var label: String
    package var done: Int
    /// 0 where it is not known yet.
    package var total: Int
    /// What is counted, such as `rows`.
    package var unit: String
    /// Units a second; nil before the first.
    package var rate: Double?
    package var etaSeconds: Double?
    /// More to show, such as the loss: what matters most first.
    package var extras: [String]

    package init(
        label: String, done: Int, total: Int, unit: String = "units", rate: Double? = nil, etaSeconds: Double? = nil,
        extras: [String] = []
    ) {
        self.label = label
        self.done = done
        self.total = total
        self.unit = unit
        self.rate = rate
        self.etaSeconds = etaSeconds
        self.extras = extras
    }

    package var isComplete: Bool { total > 0 && done >= total }

    /// The bar on one line of at most `width` columns. Where it does not fit, first the extra texts go, the last one
    /// first, then the bar gets shorter, then the line is cut.
    package func bar(width: Int) -> String {
        let head = PrintableText.oneLine(label) + "  "
        let tail = figures
        // The bar's two ends and the two spaces behind it.
        let fixed = PrintableText.width(head) + PrintableText.width(tail) + 4
        for count in stride(from: extras.count, through: 0, by: -1) {
            let note = count == 0 ? "" : "  " + PrintableText.oneLine(extras.prefix(count).joined(separator: ", "))
            let cells = width - fixed - PrintableText.width(note)
            guard cells >= (count == 0 ? 5 : 10) else { continue }
            return head + drawn(cells: min(cells, 30)) + "  " + tail + note
        }
        return PrintableText.cut(head + tail, to: width)
    }

    /// The same on a plain line, without a bar.
    package var line: String {
        let notes = extras.map { ", " + PrintableText.oneLine($0) }.joined()
        return PrintableText.oneLine(label) + ": " + figures + notes
    }

    private var fraction: Double {
        total > 0 ? min(max(Double(done) / Double(total), 0), 1) : 0
    }

    private var figures: String {
        let of = total > 0 ? "/" + Quantities.count(total) : ""
        var parts = ["\(Quantities.count(done))\(of) \(unit)"]
        // 100 % is said of what is complete alone.
        if total > 0 { parts.append("\(isComplete ? 100 : min(99, Int(fraction * 100))) %") }
        if let rate { parts.append(Quantities.rate(rate, of: unit)) }
        if let etaSeconds, !isComplete { parts.append("ETA \(Quantities.duration(seconds: etaSeconds))") }
        return parts.joined(separator: ", ")
    }

    private func drawn(cells: Int) -> String {
        let eighths = Int(fraction * Double(cells) * 8)
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let full = String(repeating: "█", count: eighths / 8)
        let rest = cells - eighths / 8 - (partial.isEmpty ? 0 : 1)
        return "▕" + full + partial + String(repeating: " ", count: rest) + "▏"
    }
}
