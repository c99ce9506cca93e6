package import Run

/// What a worker's host sets to work: it loads what a run names, and makes results of units.
package protocol UnitExecutor: AnyObject {
    func load(_ welcome: Welcome) throws -> Readiness
    func execute(_ grant: Grant) throws -> UnitResult
}

/// Why a unit cannot be done by this worker.
package enum EngineError: Error, CustomStringConvertible {
    case notLoaded
    case missingRow(Int)
    /// W is not what the unit needs.
    case replica(any Error)
    case emptyPrompt(model: String, text: String)

    package var description: String {
        switch self {
        case .notLoaded: "no models are loaded"
        case .missingRow(let row): "the unit reads row \(row), and its activations were not sent"
        case .replica(let error): "\(error)"
        case .emptyPrompt(let model, let text): "\(model): the tokenizer makes no token of \"\(text.prefix(40))\""
        }
    }

    /// Whether the unit may be sound and what it needs besides itself is not here.
    package var isUnprepared: Bool {
        switch self {
        case .missingRow, .replica: true
        case .notLoaded, .emptyPrompt: false
        }
    }
}
