import Foundation
package import ModelFolders
package import Tensors
import Weights

/// A language model of any family that ``ModelFamily`` names, ready to compute.
///
///     let folder = try ModelFolder(path: "models/llama")
///     let model = try LanguageModel.load(folder, threads: 2)
///     let streams = try model.residualStreams(of: [[1, 403, 407]], at: ActivationSite(afterBlocks: 3))
///
/// A result depends on the compute type and the sequence's own tokens and injection alone, bit for bit: neither on what is beside it in
/// a batch, nor on how its prompt was cut into steps, nor on threads, row limit or kernel path.
package final class LanguageModel: @unchecked Sendable {  // `pass` is used under `lock` alone
    package let configuration: ModelConfiguration
    package let device: DeviceDescription
    /// Rows that are computed together; longer batches are cut.
    package let rowLimit: Int
    /// What ``rowLimit`` is where nothing else is asked for.
    package static let standardRowLimit = 512
    private let pass: ForwardPass
    private let cacheShape: KeyValueCache.Shape
    private let lock = NSLock()
    private var tokenCount = 0

    private init(configuration: ModelConfiguration, device: DeviceDescription, rowLimit: Int, pass: ForwardPass) {
        self.configuration = configuration
        self.device = device
        self.rowLimit = rowLimit
        self.pass = pass
        cacheShape = KeyValueCache.Shape(configuration, passRows: rowLimit)
    }

    /// Loads and packs the weights of `folder`.
    ///
    /// - Parameters:
    ///   - threads: that compute, the caller's among them.
    ///   - kernels: the instruction set, or nil for the best that this CPU has.
    ///   - computeType: what activations are rounded to before they meet weights stored as bfloat16.
    ///   - rowLimit: rows of activations that are held at once. It changes no result.
    /// - Throws: `WeightError` for a file or tensor that is missing, damaged, of another shape, or not finite;
    ///   `TensorError` where the device cannot be made; ``ModelError/unusableRowLimit(_:)``.
    package static func load(
        _ folder: ModelFolder, threads: Int, kernels: KernelPath? = nil, computeType: ComputeType = .float32,
        rowLimit: Int = standardRowLimit
    ) throws -> LanguageModel {
        guard rowLimit >= 1 else { throw ModelError.unusableRowLimit(rowLimit) }
        let device = try CPUDevice(threads: threads, kernels: kernels, computeType: computeType)
        let weights = try ModelWeights(try WeightFiles(folder.weightFiles), folder.configuration, device: device)
        let workspace = try Workspace(folder.configuration, rowLimit: rowLimit)
        return LanguageModel(
            configuration: folder.configuration, device: device.description, rowLimit: rowLimit,
            pass: ForwardPass(
                configuration: folder.configuration, weights: weights, device: device, workspace: workspace))
    }

    /// Blocks computed since loading, counted once for every pass of up to ``rowLimit`` rows.
    package var blocksComputed: Int {
        lock.lock()
        defer { lock.unlock() }
        return pass.blocksComputed
    }

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
        var shape = cacheShape
        shape.blockCount = blocks
        return KeyValueCache(shape, use)
    }

    /// Bytes that the keys and values of a sequence take at most while it grows to so many positions.
    package func cacheBytes(positions: Int, for use: KeyValueCache.Use = .own) -> Int {
        cacheShape.byteCount(positions: positions, use)
    }

    /// The same of a model that is not loaded, at ``standardRowLimit``.
    package static func cacheBytes(of configuration: ModelConfiguration, positions: Int) -> Int {
        KeyValueCache.Shape(configuration, passRows: standardRowLimit).byteCount(positions: positions, .own)
    }

    /// Appends tokens to sequences, computed together, and returns what was asked of each one's last token.
    ///
    /// The sequences may be of any lengths; a batch of more than ``rowLimit`` tokens is computed in several passes.
    /// - Throws: ``ModelError``, before any work, but for memory: then the caches must not be used any more.
    package func step(_ steps: [SequenceStep]) throws(ModelError) -> [SequenceOutput] {
        guard let depth = steps.first?.cache.blockCount else { return [] }
        try check(steps, depth: depth)
        lock.lock()
        defer { lock.unlock() }
        do {
            return try run(steps, depth: depth)
        } catch {
            throw .tensor(error)
        }
    }

    /// Cuts the steps into passes of at most `rowLimit` rows, in order.
    private func run(_ steps: [SequenceStep], depth: Int) throws(TensorError) -> [SequenceOutput] {
        var outputs = [SequenceOutput](repeating: SequenceOutput(), count: steps.count)
        var read = [Int](repeating: 0, count: steps.count)
        var first = 0
        while first < steps.count {
            var rows: [PassRows] = []
            var room = rowLimit
            for index in first..<steps.count where room > 0 {
                let count = min(steps[index].tokens.count - read[index], room)
                rows.append(
                    PassRows(
                        step: index, firstRow: rowLimit - room, tokens: read[index]..<read[index] + count,
                        isLast: read[index] + count == steps[index].tokens.count))
                room -= count
            }
            for part in rows {
                let step = steps[part.step]
                try step.cache.reserve(part.tokens.count, before: step.tokens.count - part.tokens.upperBound)
            }
            try pass.run(rows, of: steps, depth: depth, outputs: &outputs)
            for part in rows {
                read[part.step] = part.tokens.upperBound
                steps[part.step].cache.length += part.tokens.count
                tokenCount += part.tokens.count
                if part.isLast { first = part.step + 1 }
            }
        }
        return outputs
    }

    private func check(_ steps: [SequenceStep], depth: Int) throws(ModelError) {
        var seen: Set<ObjectIdentifier> = []
        for (index, step) in steps.enumerated() {
            let cache = step.cache
            var shape = cacheShape
            shape.blockCount = cache.blockCount
            guard cache.shape == shape else {
                throw .unusableCache(sequence: index, reason: "was made for another model")
            }
            guard cache.blockCount == depth else {
                throw .unusableCache(sequence: index, reason: "covers \(cache.blockCount) blocks, another's \(depth)")
            }
            guard seen.insert(ObjectIdentifier(cache)).inserted else {
                throw .unusableCache(sequence: index, reason: "stands twice in one batch")
            }
            try check(step.tokens, after: cache.length, sequence: index)
            if let injection = step.injection { try check(injection, depth: depth, sequence: index) }
            for site in step.readings where !(0...depth).contains(site.blocks) {
                throw .siteOutOfRange(site, blockCount: depth)
            }
            if step.head != .none && depth < configuration.blockCount {
                throw .unusableCache(sequence: index, reason: "covers \(depth) blocks: logits need all of them")
            }
        }
    }

    /// Checks that `injection` can be made into a pass over `depth` blocks, or over all of them.
    package func check(_ injection: Injection, depth: Int? = nil, sequence: Int) throws(ModelError) {
        let depth = depth ?? configuration.blockCount
        guard (0...depth).contains(injection.site.blocks) else {
            throw .siteOutOfRange(injection.site, blockCount: depth)
        }
        guard !injection.vector.isEmpty else { throw .emptyInjection(sequence: sequence) }
        if let index = injection.vector.firstIndex(where: { !$0.isFinite }) {
            throw .injectionNotFinite(sequence: sequence, index: index)
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
        for (index, token) in tokens.enumerated() where token < 0 || Int(token) >= configuration.vocabularySize {
            throw .tokenOutOfVocabulary(
                sequence: sequence, index: index, token: token, vocabularySize: configuration.vocabularySize)
        }
    }
}
