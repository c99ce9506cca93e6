package import Devices

/// Why a model cannot compute what it was asked for. Found before any work, but for memory.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    /// A sequence has no tokens.
    case emptyPrompt(sequence: Int)
    /// A sequence would have more positions than the model.
    case tooManyTokens(sequence: Int, tokens: Int, limit: Int)
    /// A token id is not in the vocabulary.
    case tokenOutOfVocabulary(sequence: Int, index: Int, token: Int32, vocabularySize: Int)
    /// A site lies beyond the blocks that are computed.
    case siteOutOfRange(ActivationSite, blockCount: Int)
    /// A vector to inject is empty.
    case emptyInjection(sequence: Int)
    /// A vector is to be injected before the first token, or behind the last.
    case injectionOutside(sequence: Int, written: Int, following: Int, tokens: Int)
    /// A vector to inject holds an infinity or a not-a-number.
    case injectionNotFinite(sequence: Int, index: Int)
    /// Two vectors are to be injected at one site.
    case siteWrittenTwice(sequence: Int, ActivationSite)
    /// More tokens are asked about than are read, or none.
    case followersOutside(sequence: Int, asked: Int, tokens: Int)
    /// A cache was made for another model, or stands twice in a batch, or the caches of a batch have unequal depth.
    case unusableCache(sequence: Int, reason: String)
    /// The row limit is not at least 1.
    case unusableRowLimit(Int)
    /// The keys and values of one sequence would not fit into memory.
    case noMemoryForCache(bytes: Int, available: Int)
    /// The device refused memory.
    case device(DeviceError)

    package var description: String {
        switch self {
        case .emptyPrompt(let sequence): return "sequence \(sequence): the prompt has no tokens"
        case .tooManyTokens(let sequence, let tokens, let limit):
            return "sequence \(sequence): \(tokens) tokens, the model has \(limit) positions; shorten the prompt"
        case .tokenOutOfVocabulary(let sequence, let index, let token, let size):
            return "sequence \(sequence): token \(index) is \(token), the vocabulary has ids 0 to \(size - 1); "
                + "is it the model's own tokenizer?"
        case .siteOutOfRange(let site, let blocks):
            return "activation site \(site.blocks): the sites here are 0 to \(blocks)"
        case .emptyInjection(let sequence): return "sequence \(sequence): the vector to inject is empty"
        case .injectionOutside(let sequence, let written, let following, let tokens):
            return
                "sequence \(sequence): an injection at \(written) tokens with \(following) behind them, into \(tokens)"
        case .injectionNotFinite(let sequence, let index):
            return "sequence \(sequence): value \(index) of the vector to inject is infinite or not a number"
        case .siteWrittenTwice(let sequence, let site):
            return "sequence \(sequence): two vectors to inject \(site); each site is written once"
        case .followersOutside(let sequence, let asked, let tokens):
            return "sequence \(sequence): what follows \(asked) of \(tokens) tokens is asked for"
        case .unusableCache(let sequence, let reason): return "sequence \(sequence): its cache \(reason)"
        case .unusableRowLimit(let limit): return "a row limit of \(limit); at least 1 is needed"
        case .noMemoryForCache(let bytes, let available):
            return
                "the keys and values of one sequence take \(bytes >> 20) MiB, and \(available >> 20) MiB of memory are "
                + "free; ask for fewer new tokens or free memory"
        case .device(let error): return error.description
        }
    }
}
