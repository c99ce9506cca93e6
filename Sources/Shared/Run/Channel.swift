/// A line from A to B: A's residual stream is read after `k` blocks, mapped by a W of the channel's own, and written
/// into B's after `j` blocks. 0 is the embedding; `hidden_states[k]` in Hugging Face terms.
package struct Channel: Hashable, Sendable {
    /// Blocks of A after which its stream is read.
    package var k: Int
    /// Blocks of B after which its stream is written.
    package var j: Int

    package init(k: Int, j: Int) {
        self.k = k
        self.j = j
    }
}

extension Channel: LosslessStringConvertible {
    /// Reads `k:j`; nil for anything else.
    package init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let k = Int(parts[0]), let j = Int(parts[1]), k >= 0, j >= 0 else { return nil }
        self.init(k: k, j: j)
    }

    package var description: String { "\(k):\(j)" }
}

extension Channel: Comparable {
    package static func < (a: Channel, b: Channel) -> Bool { (a.k, a.j) < (b.k, b.j) }
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
