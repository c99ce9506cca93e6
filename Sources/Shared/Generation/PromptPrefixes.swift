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

    /// A sequence that starts with what this prefix and `prompt`, as far as it may be shared, have in common.
    func fork(for prompt: ArraySlice<Int32>) throws(ModelError) -> KeyValueCache? {
        try fork(keeping: PromptPrefixes.shared(tokens[...], prompt), for: .own)
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
/// Prompts that come together are served in the order of their tokens. Each one's neighbours are then those with which it
/// shares most, and the prefix at hand, or one before it, holds whatever can be shared. A prompt's last token is never
/// part of a prefix, from which the answer is computed, nor is where something is injected and what follows it.
struct PromptPrefixes {
    /// Fewer tokens are not worth a copy.
    static let leastShared = 16
    /// A prompt of so many that shares nothing is kept for those that follow.
    static let leastKept = 64
    /// Prefixes at hand, each of another beginning: prompts of a task's roles have headers of their own.
    static let mostKept = 4

    private let model: LanguageModel
    private let keeps: Bool
    /// The latest of each beginning, the latest of all first.
    private var known: [PromptPrefix] = []
    private var waiting: [PromptPrefix] = []

    /// - Parameter keeps: whether several beginnings are kept, for prompts that are not here yet.
    init(model: LanguageModel, keeps: Bool) {
        self.model = model
        self.keeps = keeps
    }

    /// A prompt among those that came with it.
    struct Place {
        var index: Int
        /// The tokens that may be shared.
        var tokens: ArraySlice<Int32>
        /// Those that the next one in order begins with too.
        var sharedWithNext: Int
    }

    /// The order in which prompts are to be served.
    static func order(_ prompts: [(index: Int, request: GenerationRequest)]) -> [Place] {
        let sorted = prompts.sorted { a, b in
            let (tokens, others) = (a.request.tokens, b.request.tokens)
            guard tokens == others else { return tokens.lexicographicallyPrecedes(others) }
            // Of one prompt those first that share most: the others have a part of it.
            let (shared, other) = (a.request.shareable.count, b.request.shareable.count)
            return shared == other ? a.index < b.index : shared > other
        }
        return sorted.indices.map { place in
            let tokens = sorted[place].request.shareable
            let next = place + 1 < sorted.count ? sorted[place + 1].request.shareable : []
            return Place(index: sorted[place].index, tokens: tokens, sharedWithNext: shared(tokens, next))
        }
    }

    /// What the next prompt in order begins with.
    mutating func take(_ place: Place) -> PromptPrefix? {
        let prompt = place.tokens
        let (current, common) = nearest(to: prompt)
        let isNew = keeps && common < Self.leastShared && prompt.count >= Self.leastKept
        let wanted = isNew ? prompt.count : place.sharedWithNext
        guard wanted >= common + Self.leastShared else { return common >= Self.leastShared ? current : nil }
        // The earliest prefix that has as much in common: it will be read soonest.
        var parent = common >= Self.leastShared ? current : nil
        while let earlier = parent?.parent, let inherited = parent?.inherited, inherited >= common {
            parent = earlier
        }
        let prefix = PromptPrefix(
            tokens: Array(prompt.prefix(wanted)), parent: parent, inherited: parent == nil ? 0 : common)
        waiting.append(prefix)
        keep(prefix, insteadOf: parent == nil ? nil : current)
        return prefix
    }

    private func nearest(to prompt: ArraySlice<Int32>) -> (prefix: PromptPrefix?, common: Int) {
        var best: (prefix: PromptPrefix?, common: Int) = (nil, 0)
        for prefix in known {
            let common = Self.shared(prefix.tokens[...], prompt)
            if common > best.common { best = (prefix, common) }
        }
        return best
    }

    private mutating func keep(_ prefix: PromptPrefix, insteadOf before: PromptPrefix?) {
        known.removeAll { $0 === before }
        known.insert(prefix, at: 0)
        known = Array(known.prefix(keeps ? Self.mostKept : 1))
    }

    /// The prefixes to read now.
    mutating func begin() throws(ModelError) -> [PromptPrefix] {
        let ready = waiting.filter(\.canBegin)
        waiting.removeAll(where: \.canBegin)
        for prefix in ready { try prefix.begin(model) }
        return ready
    }

    /// How many tokens the two have in common at their beginning.
    static func shared(_ tokens: ArraySlice<Int32>, _ others: ArraySlice<Int32>) -> Int {
        zip(tokens, others).prefix { $0 == $1 }.count
    }
}
