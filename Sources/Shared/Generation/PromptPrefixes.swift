import Devices
import Models

/// Tokens that several prompts begin with, read once.
final class PromptPrefix {
    let tokens: [Int32]
    /// The prefix that this one begins with, until this one is being read, and how much of it.
    fileprivate var parent: PromptPrefix?
    fileprivate let inherited: Int
    private var cache: KeyValueCache?
    /// Whether its keys and values can be used.
    var isRead = false

    fileprivate init(tokens: [Int32], parent: PromptPrefix?, inherited: Int) {
        self.tokens = tokens
        self.parent = parent
        self.inherited = inherited
    }

    /// A sequence that starts with what this prefix and `prompt` have in common, but for the prompt's last token.
    func fork(for prompt: [Int32]) throws(ModelError) -> KeyValueCache? {
        try fork(keeping: PromptPrefixes.shared(tokens, prompt), for: .own)
    }

    private func fork(keeping length: Int, for use: KeyValueCache.Use) throws(ModelError) -> KeyValueCache? {
        do {
            return try cache?.fork(keeping: length, for: use)
        } catch {
            throw .device(error)
        }
    }

    /// Whether all that comes before it has been read.
    fileprivate var canBegin: Bool { parent?.isRead ?? true }

    fileprivate func begin(_ model: LanguageModel) throws(ModelError) {
        cache = if let parent { try parent.fork(keeping: inherited, for: .sharing) } else { try model.makeCache() }
        parent = nil
    }

    /// The tokens still to be read.
    var step: SequenceStep {
        guard let cache else { preconditionFailure("a prefix is read after it began") }
        return SequenceStep(cache: cache, tokens: Array(tokens[cache.length...]))
    }
}

/// Finds what prompts have in common at their beginning: a few-shot header, the same question under several
/// conditions.
///
/// Prompts are served in the order of their tokens. Each one's neighbours are then those with which it shares most,
/// and the prefix at hand, or one before it, holds whatever can be shared. A prompt's last token is never part of a
/// prefix: there something may be injected, and from there the answer is computed.
struct PromptPrefixes {
    /// Fewer tokens are not worth a copy.
    static let leastShared = 16

    private let prompts: [[Int32]]
    private let order: [Int]
    private let model: LanguageModel
    private var current: PromptPrefix?
    private var waiting: [PromptPrefix] = []

    init(prompts: [[Int32]], model: LanguageModel) {
        self.prompts = prompts
        self.model = model
        order = prompts.indices.sorted { a, b in
            if prompts[a] == prompts[b] { return a < b }
            return prompts[a].lexicographicallyPrecedes(prompts[b])
        }
    }

    /// The prompt to serve as number `number`: its place among the prompts, and what it begins with. To be called
    /// with 0, 1, ….
    mutating func take(_ number: Int) -> (place: Int, prefix: PromptPrefix?) {
        let prompt = prompts[order[number]]
        let common = current.map { Self.shared($0.tokens, prompt) } ?? 0
        if number + 1 < order.count {
            let next = prompts[order[number + 1]]
            let wanted = min(Self.shared(prompt, next), max(0, next.count - 1))
            if wanted >= common + Self.leastShared {
                // The earliest prefix that has as much in common: it will be read soonest.
                var parent = common >= Self.leastShared ? current : nil
                while let earlier = parent?.parent, let inherited = parent?.inherited, inherited >= common {
                    parent = earlier
                }
                let prefix = PromptPrefix(
                    tokens: Array(prompt[..<wanted]), parent: parent, inherited: parent == nil ? 0 : common)
                waiting.append(prefix)
                current = prefix
                return (order[number], prefix)
            }
        }
        return (order[number], common >= Self.leastShared ? current : nil)
    }

    /// The prefixes to read now.
    mutating func begin() throws(ModelError) -> [PromptPrefix] {
        let ready = waiting.filter(\.canBegin)
        waiting.removeAll(where: \.canBegin)
        for prefix in ready { try prefix.begin(model) }
        return ready
    }

    /// How many tokens `tokens` and `prompt` have in common at their beginning, but for the prompt's last.
    static func shared(_ tokens: [Int32], _ prompt: [Int32]) -> Int {
        let limit = min(tokens.count, prompt.count - 1)
        var count = 0
        while count < limit, tokens[count] == prompt[count] { count += 1 }
        return max(0, count)
    }
}
