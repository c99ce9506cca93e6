package import Devices
import Locking
package import ModelFolders
package import Run

/// A language model of any family that ``ModelFamily`` names, ready to compute.
///
///     let folder = try ModelFolder(path: "models/llama")
///     let model = try LanguageModel.load(folder, on: device)
///     let streams = try model.residualStreams(of: [[1, 403, 407]], at: ActivationSite(afterBlocks: 3))
///
/// A result depends on the device's kind, the compute type and the sequence's own tokens and injections alone, bit for
/// bit: neither on what is beside it in a batch, nor on how its prompt was cut into steps, nor on the row limit or on
/// what makes a device fast. What is asked for is checked here; how it is computed is the device's.
package final class LanguageModel: @unchecked Sendable {  // `tokenCount` is used under `lock` alone
    package let configuration: ModelConfiguration
    package let device: any Device
    /// Tokens that are computed together; longer batches are cut.
    package let rowLimit: Int
    private let computed: any DeviceModel
    private let lock = Lock()
    private var tokenCount = 0

    private init(_ computed: any DeviceModel, on device: any Device) {
        configuration = computed.configuration
        rowLimit = computed.rowLimit
        self.computed = computed
        self.device = device
    }

    /// Loads the weights of `folder` into the memory of `device`.
    ///
    /// - Parameters:
    ///   - computeType: what activations are rounded to before they meet weights stored as bfloat16.
    ///   - rowLimit: tokens whose activations are held at once; nil takes what is best for the device. It changes no
    ///     result.
    /// - Throws: `WeightError` for a file or tensor that is missing, damaged, of another shape, or not finite;
    ///   `DeviceError` where memory is refused; ``ModelError/unusableRowLimit(_:)``.
    package static func load(
        _ folder: ModelFolder, on device: any Device, computeType: ComputeType = .float32,
        rowLimit: Int? = nil
    ) throws -> LanguageModel {
        let rowLimit = rowLimit ?? device.standardRowLimit
        guard rowLimit >= 1 else { throw ModelError.unusableRowLimit(rowLimit) }
        let stored = try StoredModel(folder)
        return LanguageModel(
            try device.load(stored.configuration, stored.weights, computeType: computeType, rowLimit: rowLimit),
            on: device)
    }

    /// What activations are rounded to before they meet weights stored as bfloat16.
    package var computeType: ComputeType { computed.computeType }

    /// Blocks computed since loading, counted once for every pass of up to ``rowLimit`` tokens.
    package var blocksComputed: Int { computed.blocksComputed }

    /// Tokens read since loading, over all sequences.
    package var tokensRead: Int {
        lock.lock()
        defer { lock.unlock() }
        return tokenCount
    }

    /// An empty sequence. With a `site`, its steps compute the blocks before that site and no others.
    package func makeCache(
        through site: ActivationSite? = nil, for use: KeyValueCache.Use = .sharing
    ) throws(ModelError) -> KeyValueCache {
        let blocks = site?.blocks ?? configuration.blockCount
        guard (0...configuration.blockCount).contains(blocks) else {
            throw .siteOutOfRange(ActivationSite(afterBlocks: blocks), blockCount: configuration.blockCount)
        }
        do {
            return try KeyValueCache(of: computed, blockCount: blocks, for: use)
        } catch {
            throw .device(error)
        }
    }

    /// Bytes that the keys and values of a sequence take at most while it grows to so many positions.
    package func cacheBytes(positions: Int, for use: KeyValueCache.Use = .own) -> Int {
        device.cacheBytes(of: configuration, positions: positions, for: use, rowLimit: rowLimit)
    }

    /// Appends tokens to sequences, computed together, and returns what was asked of each one's last token or tokens.
    ///
    /// The sequences may be of any lengths; a batch of more than ``rowLimit`` tokens is computed in several passes.
    /// - Throws: ``ModelError``, before any work, but for memory: then the caches must not be used any more.
    package func step(_ steps: [SequenceStep]) throws(ModelError) -> [SequenceOutput] {
        guard let depth = steps.first?.cache.blockCount else { return [] }
        try check(steps, depth: depth)
        let outputs: [SequenceOutput]
        do {
            outputs = try computed.step(steps, depth: depth)
        } catch {
            throw .device(error)
        }
        for step in steps { step.cache.advance(by: step.tokens.count) }
        lock.lock()
        defer { lock.unlock() }
        tokenCount += steps.reduce(0) { $0 + $1.tokens.count }
        return outputs
    }

    private func check(_ steps: [SequenceStep], depth: Int) throws(ModelError) {
        var seen: Set<ObjectIdentifier> = []
        for (index, step) in steps.enumerated() {
            let cache = step.cache
            guard cache.model === computed else {
                throw .unusableCache(sequence: index, reason: "was made for another model")
            }
            guard cache.blockCount == depth else {
                throw .unusableCache(sequence: index, reason: "covers \(cache.blockCount) blocks, another's \(depth)")
            }
            guard seen.insert(ObjectIdentifier(cache)).inserted else {
                throw .unusableCache(sequence: index, reason: "stands twice in one batch")
            }
            try check(step.tokens, after: cache.length, sequence: index)
            try check(step.injections, into: step.tokens, depth: depth, sequence: index)
            for site in step.readings where !(0...depth).contains(site.blocks) {
                throw .siteOutOfRange(site, blockCount: depth)
            }
            if step.head != .none && depth < configuration.blockCount {
                throw .unusableCache(sequence: index, reason: "covers \(depth) blocks: logits need all of them")
            }
            if case .logProbabilities(let followers) = step.head {
                guard (1...step.tokens.count).contains(followers.count) else {
                    throw .followersOutside(sequence: index, asked: followers.count, tokens: step.tokens.count)
                }
                for followers in followers { try checkVocabulary(followers, from: cache.length, sequence: index) }
            }
        }
    }

    /// Checks that `injections` can be made into a pass of these tokens over `depth` blocks, or over all of them: no two
    /// at one site, where one's order before the other would count.
    package func check(
        _ injections: [Injection], into tokens: [Int32], depth: Int? = nil, sequence: Int
    ) throws(ModelError) {
        var written: Set<ActivationSite> = []
        for injection in injections {
            try check(injection, into: tokens, depth: depth ?? configuration.blockCount, sequence: sequence)
            guard written.insert(injection.site).inserted else {
                throw .siteWrittenTwice(sequence: sequence, injection.site)
            }
        }
    }

    private func check(
        _ injection: Injection, into tokens: [Int32], depth: Int, sequence: Int
    ) throws(ModelError) {
        guard (0...depth).contains(injection.site.blocks) else {
            throw .siteOutOfRange(injection.site, blockCount: depth)
        }
        guard injection.following >= 0, injection.following <= tokens.count - injection.vectors.count else {
            throw .injectionOutside(
                sequence: sequence, written: injection.vectors.count, following: injection.following,
                tokens: tokens.count)
        }
        guard !injection.vectors.isEmpty, injection.vectors.allSatisfy({ !$0.isEmpty }) else {
            throw .emptyInjection(sequence: sequence)
        }
        for vector in injection.vectors {
            if let index = vector.firstIndex(where: { !$0.isFinite }) {
                throw .injectionNotFinite(sequence: sequence, index: index)
            }
        }
    }

    /// Checks that `tokens` can follow `length` positions of a sequence: not none, not too many, all in the
    /// vocabulary. `sequence` is the number that an error names.
    package func check(_ tokens: [Int32], after length: Int = 0, sequence: Int) throws(ModelError) {
        guard !tokens.isEmpty else { throw .emptyPrompt(sequence: sequence) }
        guard tokens.count <= configuration.maximumPositions - length else {
            throw .tooManyTokens(
                sequence: sequence, tokens: length + tokens.count, limit: configuration.maximumPositions)
        }
        try checkVocabulary(tokens, from: length, sequence: sequence)
    }

    private func checkVocabulary(_ tokens: [Int32], from length: Int, sequence: Int) throws(ModelError) {
        for (index, token) in tokens.enumerated() where token < 0 || Int(token) >= configuration.vocabularySize {
            throw .tokenOutOfVocabulary(
                sequence: sequence, index: length + index, token: token, vocabularySize: configuration.vocabularySize)
        }
    }
}
