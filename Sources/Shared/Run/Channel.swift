/// A line from A to B: A's residual stream is read after `k` blocks, mapped by a W of the channel's own, and written
/// into B's after `j` blocks. 0 is the embedding; `hidden_states[k]` in Hugging Face terms.
///
/// One channel may have several such links: its message is then written at several blocks of B at once, each with its
/// own reading of A and its own W. W's that are fitted in several ways to the same activations make as many channels of
/// one line.
package struct Channel: Hashable, Sendable {
    /// Blocks of A after which its stream is read, and blocks of B after which that is written.
    package struct Link: Hashable, Sendable {
        package var k: Int
        package var j: Int

        package init(k: Int, j: Int) {
            self.k = k
            self.j = j
        }
    }

    /// At least one; blocks of B ascend.
    package let links: [Link]
    package var fit: ProjectionFit
    /// Whether its W maps the other way, B's stream after `j` blocks to A's after `k`: no message goes over it.
    package var isReverse: Bool

    package init(k: Int, j: Int, fit: ProjectionFit = .adam, isReverse: Bool = false) {
        links = [Link(k: k, j: j)]
        self.fit = fit
        self.isReverse = isReverse
    }

    package init(_ links: [Link], fit: ProjectionFit = .adam, isReverse: Bool = false) throws(Flaw) {
        if let flaw = Self.flaw(of: links) { throw flaw }
        self.links = links
        self.fit = fit
        self.isReverse = isReverse
    }

    /// Of a channel of one link, or of the first.
    package var k: Int { links[0].k }
    package var j: Int { links[0].j }

    /// The blocks after which a model is read or written, link by link.
    package func blocks(of model: ModelSide) -> [Int] { links.map { model == .a ? $0.k : $0.j } }

    /// Its links as channels of their own: each has a W of its own, the one that a run with that channel alone has.
    package var parts: [Channel] { links.map { Channel(k: $0.k, j: $0.j, fit: fit, isReverse: isReverse) } }

    package var hasSeveralLinks: Bool { links.count > 1 }

    /// What its activations are, however its W is fitted to them and whichever way.
    package var line: Channel {
        var line = self
        (line.fit, line.isReverse) = (.adam, false)
        return line
    }

    /// The same fitted the other way.
    package var reversed: Channel {
        var reversed = self
        reversed.isReverse.toggle()
        return reversed
    }

    /// Where the activations are that W maps, and those that it maps them to: of a channel of one link.
    package var source: Site { isReverse ? .b(j) : .a(k) }
    package var target: Site { isReverse ? .a(k) : .b(j) }
}

extension Channel {
    /// What keeps links from being one channel's.
    package enum Flaw: Error, Hashable, CustomStringConvertible {
        case noLinks
        case blockTwice(Int)
        case unordered(Int, before: Int)
        case tooMany(Int)

        package var description: String {
            switch self {
            case .noLinks: "no blocks are named"
            case .blockTwice(let j): "B is written after block \(j) twice; expected each block of B once"
            case .unordered(let j, let earlier):
                "block \(j) of B stands before block \(earlier); expected the blocks of B in ascending order"
            case .tooMany(let count):
                "\(count) blocks of B, expected at most \(MessageLimits.links)"
            }
        }
    }

    private static func flaw(of links: [Link]) -> Flaw? {
        if links.isEmpty { return .noLinks }
        if links.count > MessageLimits.links { return .tooMany(links.count) }
        for (place, link) in links.enumerated() {
            if links[..<place].contains(where: { $0.j == link.j }) { return .blockTwice(link.j) }
        }
        for (link, next) in zip(links, links.dropFirst()) where link.j > next.j {
            return .unordered(link.j, before: next.j)
        }
        return nil
    }
}

extension Channel.Link: LosslessStringConvertible {
    /// Reads `k:j`.
    package init?(_ description: String) {
        let parts = description.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let k = Int(parts[0]), let j = Int(parts[1]), k >= 0, j >= 0 else { return nil }
        self.init(k: k, j: j)
    }

    package var description: String { "\(k):\(j)" }
}

extension Channel: CodedAsText {
    /// Reads `k:j`, or `k:j+k:j`, perhaps with `/fit` behind it, perhaps with `/reverse` behind that; nil for anything
    /// else.
    package init?(_ description: String) {
        var line = description.split(separator: "/", omittingEmptySubsequences: false)
        guard let links = Self.links(String(line.removeFirst())), Self.flaw(of: links) == nil else { return nil }
        self.links = links
        isReverse = line.last.map { $0 == Self.reverse } ?? false
        fit = .adam
        if isReverse { line.removeLast() }
        guard !line.isEmpty else { return }
        guard line.count == 1, let named = ProjectionFit(rawValue: String(line[0])), named != .adam else { return nil }
        fit = named
    }

    private static let reverse = "reverse"

    /// What it is besides its line.
    private var kinds: [String] { (fit == .adam ? [] : [fit.rawValue]) + (isReverse ? [Self.reverse] : []) }

    /// The links that a text names, whether they can be one channel's or not; nil where it names none.
    package static func links(_ text: String) -> [Link]? {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        let links = parts.compactMap { Link(String($0)) }
        return links.count == parts.count ? links : nil
    }

    package var description: String {
        ([links.map(\.description).joined(separator: "+")] + kinds).joined(separator: "/")
    }

    /// In files' names.
    package var suffix: String {
        "_" + (links.flatMap { ["k\($0.k)", "j\($0.j)"] } + kinds).joined(separator: "_")
    }

    package static let expectation = "a channel such as \"26:26\""
}

extension [Channel] {
    /// The lines that they lie on, each once, in their order.
    package var lines: [Channel] { map(\.line).distinct }

    /// The channels of one link that have W's for all of these, each once, in their order.
    package var parts: [Channel] { flatMap(\.parts).distinct }

    private var distinct: [Channel] {
        var seen: Set<Channel> = []
        return filter { seen.insert($0).inserted }
    }
}
