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

    package init(k: Int, j: Int, fit: ProjectionFit = .adam) {
        self.k = k
        self.j = j
        self.fit = fit
    }

    /// What its activations are, however its W is fitted to them.
    package var line: Channel { Channel(k: k, j: j) }
}

extension Channel: LosslessStringConvertible {
    /// Reads `k:j`, or `k:j/fit`; nil for anything else.
    package init?(_ description: String) {
        let line = description.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = line[0].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let k = Int(parts[0]), let j = Int(parts[1]), k >= 0, j >= 0 else { return nil }
        guard line.count > 1 else {
            self.init(k: k, j: j)
            return
        }
        guard let fit = ProjectionFit(rawValue: String(line[1])), fit != .adam else { return nil }
        self.init(k: k, j: j, fit: fit)
    }

    package var description: String { fit == .adam ? "\(k):\(j)" : "\(k):\(j)/\(fit.rawValue)" }

    /// In files' names.
    package var suffix: String { "_k\(k)_j\(j)" + (fit == .adam ? "" : "_\(fit.rawValue)") }
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
