/// The prompts that an item has.
package enum PromptRole: Hashable, Sendable {
    /// What A reads.
    case a
    /// What B reads while it is told something.
    case b
    /// What a model reads that answers alone with all that A and B know together.
    case both
    /// The question without its context.
    case question
    /// The bare cue that an answer follows, such as "Answer:".
    case cue
    /// What A reads of another item, whose message takes the place of the item's own: the first such is 1. 0 is the
    /// item itself, by the same way.
    case other(Int)

    /// The item's own.
    package static let own: [PromptRole] = [.a, .b, .both, .question, .cue]
    /// The largest number of another item.
    package static let mostOthers = 64
}

extension PromptRole: RawRepresentable, Codable {
    package init?(rawValue: String) {
        if let role = Self.own.first(where: { $0.rawValue == rawValue }) {
            self = role
        } else if rawValue.hasPrefix("other_"), let number = Int(rawValue.dropFirst(6)),
            (0...Self.mostOthers).contains(number)
        {
            self = .other(number)
        } else {
            return nil
        }
    }

    package var rawValue: String {
        switch self {
        case .a: "a"
        case .b: "b"
        case .both: "both"
        case .question: "question"
        case .cue: "cue"
        case .other(let number): "other_\(number)"
        }
    }
}
