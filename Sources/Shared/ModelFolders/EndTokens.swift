/// The tokens that end a text, and who says so. All of them count: folders that were tuned after they were made name
/// the end of a turn in one file, the end of a document in another.
package struct EndTokens: Hashable, Sendable {
    package enum Source: String, CaseIterable, Hashable, Sendable {
        case generationConfiguration = "generation_config.json"
        case configuration = "config.json"
        /// What transformers takes where neither of the two names any.
        case family = "the family"
        /// Its `eos_token`.
        case tokenizer = "the tokenizer"
    }

    /// In the order in which they were first named.
    package private(set) var ids: [Int32] = []
    private var named: [Int32: Set<Source>] = [:]

    package init() {}

    /// Takes in what one source names.
    package mutating func add(_ ids: [Int32], from source: Source) {
        for id in ids where named[id, default: []].insert(source).inserted && !self.ids.contains(id) {
            self.ids.append(id)
        }
    }

    /// Who names a token, in the order of the cases.
    package func sources(of id: Int32) -> [Source] {
        Source.allCases.filter { named[id, default: []].contains($0) }
    }
}
