/// At which token of a prompt a model's stream is read or written.
package enum TokenPosition: Hashable, Sendable {
    /// The token so many before the prompt's end: 1 is the last.
    case fromEnd(Int)
    /// The last token of what was put into a chat template: the last before what closes the message.
    case contentEnd
    /// All tokens: those of the two models' prompts that lie equally far from the end (Ramesh & Li, section B.1).
    case all

    /// The prompt's last token.
    package static let last = TokenPosition.fromEnd(1)

    /// No prompt has more.
    package static let furthest = 1 << 20
}

/// As flags have it: `-1` for the last token, `-2` for the one before, `content`, `all`.
extension TokenPosition: LosslessStringConvertible {
    package init?(_ description: String) {
        if description == "content" {
            self = .contentEnd
        } else if description == "all" {
            self = .all
        } else if let number = Int(description), (-Self.furthest...(-1)).contains(number) {
            self = .fromEnd(-number)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .fromEnd(let count): "\(-count)"
        case .contentEnd: "content"
        case .all: "all"
        }
    }
}

/// At which token each model's stream is read or written: A's read, and B's written, and read where B is told its own.
package struct TokenPositions: Hashable, Sendable {
    package var a: TokenPosition
    package var b: TokenPosition

    package init(a: TokenPosition = .last, b: TokenPosition = .last) {
        self.a = a
        self.b = b
    }

    package var areAll: Bool { a == .all }

    /// Where W learns from prompts: one token of each model's, the last where messages are of all.
    package var ofLearning: TokenPositions { areAll ? TokenPositions() : self }

    package subscript(model: ModelSide) -> TokenPosition { model == .a ? a : b }
}

/// One position for both models, or A's and B's with a colon between them: `-1`, `content:-1`.
extension TokenPositions: CodedAsText {
    package init?(_ description: String) {
        let positions = description.split(separator: ":", omittingEmptySubsequences: false).map {
            TokenPosition(String($0))
        }
        // All tokens of one model are written at all of the other's.
        guard (1...2).contains(positions.count), let a = positions[0], let b = positions[positions.count - 1],
            (a == .all) == (b == .all)
        else { return nil }
        self.init(a: a, b: b)
    }

    package var description: String { a == b ? "\(a)" : "\(a):\(b)" }

    package static let expectation = "a position such as \"-1\""
}
