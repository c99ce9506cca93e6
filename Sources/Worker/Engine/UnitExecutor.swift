package import Run

/// What a worker's host sets to work: it loads what a run names, and makes results of units.
package protocol UnitExecutor: AnyObject {
    /// How far the units at work are; nil where it does not tell.
    var meter: UnitMeter? { get }
    func load(_ welcome: Welcome) throws -> Readiness
    /// Keeps activations for units that are granted later. What there is no room for is missed by the unit.
    func keep(_ activations: TextActivations)
    func execute(_ grant: Grant) throws -> UnitResult
    /// Does a unit, and others together with it where that is faster.
    /// - Parameters:
    ///   - next: another unit that waits and asks for answers as this one does; nil where there is none now.
    ///   - finish: told of every unit that was taken when it is done, in any order.
    func execute(
        _ first: Grant, besides next: () -> Grant?, finish: (LeaseID, Result<UnitResult, any Error>) -> Void)
}

extension UnitExecutor {
    package var meter: UnitMeter? { nil }

    package func execute(
        _ first: Grant, besides next: () -> Grant?, finish: (LeaseID, Result<UnitResult, any Error>) -> Void
    ) {
        finish(first.lease, Result { try execute(first) })
    }
}

/// Why a unit cannot be done by this worker.
package enum EngineError: Error, CustomStringConvertible {
    case notLoaded
    case missingText(Int, site: Site)
    /// W is not what the unit needs.
    case replica(any Error)
    case emptyPrompt(model: String, text: String)
    /// The unit names a prompt that it does not bring.
    case missingPrompt(item: String, role: PromptRole)
    case emptyChoice(model: String, choice: String)
    /// A prompt has no token where its stream is read or written.
    case missingToken(model: String, position: TokenPosition, text: String)
    /// Training a block of W's outputs takes more memory than there is for it.
    case memory(needed: Double, limit: Double, texts: Int)

    package var description: String {
        switch self {
        case .notLoaded: "no models are loaded"
        case .missingText(let text, let site):
            "the unit reads text \(text), and its activations of \(site) were not sent"
        case .replica(let error): "\(error)"
        case .emptyPrompt(let model, let text): "\(model): the tokenizer makes no token of \"\(text.prefix(40))\""
        case .missingPrompt(let item, let role): "item \(item): no prompt for the role '\(role.rawValue)'"
        case .emptyChoice(let model, let choice):
            "\(model): the tokenizer makes no token of the choice \"\(choice.prefix(40))\""
        case .missingToken(let model, let position, let text):
            "\(model): no token at position \(position) of \"\(text.prefix(40))\""
        case .memory(let needed, let limit, let texts):
            "a block of W's outputs and the activations of \(texts) texts take \(Self.mebibytes(needed)) MiB, and this "
                + "worker has \(Self.mebibytes(limit)) MiB for them: train with --training averaged, or on a machine with "
                + "more memory"
        }
    }

    private static func mebibytes(_ bytes: Double) -> String { String(UInt64(min(bytes / 0x1p20, 0x1p60))) }

    /// Whether the unit may be sound and what it needs besides itself is not here.
    package var isUnprepared: Bool {
        switch self {
        case .missingText, .replica: true
        case .notLoaded, .emptyPrompt, .emptyChoice, .missingPrompt, .missingToken, .memory: false
        }
    }
}
