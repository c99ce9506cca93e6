/// The prompts that an item has.
package enum PromptRole: String, CaseIterable, Codable, Hashable, Sendable {
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
    /// What A reads of another item: its partner.
    case partner
}
