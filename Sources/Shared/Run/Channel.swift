/// A line from A to B: A's residual stream is read after `k` blocks, mapped by a W of the channel's own, and written
/// into B's after `j` blocks. 0 is the embedding; `hidden_states[k]` in Hugging Face terms.
///
/// W's that are fitted in several ways to the same activations make as many channels of one line.
package struct Channel: Hashable, Sendable {
    /// Blocks of A after which its stream is read.
    package var k: Int
    /// Blocks of B after which its stream is written.
    package var j: Int
    package var fit: ProjectionFit
    /// Whether its W maps the other way, B's stream after `j` blocks to A's after `k`: no message goes over it.
    package var isReverse: Bool

    package init(k: Int, j: Int, fit: ProjectionFit = .adam, isReverse: Bool = false) {
        self.k = k
        self.j = j
        self.fit = fit
        self.isReverse = isReverse
    }

    /// What its activations are, however its W is fitted to them and whichever way.
    package var line: Channel { Channel(k: k, j: j) }

    /// The same fitted the other way.
    package var reversed: Channel { Channel(k: k, j: j, fit: fit, isReverse: !isReverse) }

    /// Where the activations are that W maps, and those that it maps them to.
    package var source: Site { isReverse ? .b(j) : .a(k) }
    package var target: Site { isReverse ? .a(k) : .b(j) }
}

extension Channel: LosslessStringConvertible {
    /// Reads `k:j`, or `k:j/fit`, either perhaps with `/reverse` behind it; nil for anything else.
    package init?(_ description: String) {
        var line = description.split(separator: "/", omittingEmptySubsequences: false)
        let parts = line.removeFirst().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let k = Int(parts[0]), let j = Int(parts[1]), k >= 0, j >= 0 else { return nil }
        self.init(k: k, j: j, isReverse: line.last.map { $0 == Self.reverse } ?? false)
        if isReverse { line.removeLast() }
        guard !line.isEmpty else { return }
        guard line.count == 1, let fit = ProjectionFit(rawValue: String(line[0])), fit != .adam else { return nil }
        self.fit = fit
    }

    private static let reverse = "reverse"

    /// What it is besides its line.
    private var kinds: [String] { (fit == .adam ? [] : [fit.rawValue]) + (isReverse ? [Self.reverse] : []) }

    package var description: String { (["\(k):\(j)"] + kinds).joined(separator: "/") }

    /// In files' names.
    package var suffix: String { "_" + (["k\(k)", "j\(j)"] + kinds).joined(separator: "_") }
}

/// As its description, `"26:26"`.
extension Channel: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let channel = Channel(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected a channel such as \"26:26\", found \"\(text)\"")
        }
        self = channel
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension [Channel] {
    /// The lines that they lie on, each once, in their order.
    package var lines: [Channel] {
        var lines: [Channel] = []
        for channel in self where !lines.contains(channel.line) { lines.append(channel.line) }
        return lines
    }
}
