/// A text on its way through the pre-tokenizers: its bytes, and the pieces it has been cut into so far.
struct PieceList {
    struct Piece {
        var start: Int
        var end: Int
        /// Whether the piece begins where the whole text began, before any added token was taken out of it.
        var opensText: Bool
    }

    var bytes: [UInt8] = []
    var pieces: [Piece] = []

    /// What a pre-tokenizer does with the stretches that its pattern matched.
    enum Behavior: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"

        static let names = "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous"

        init(_ field: TokenizerField) throws(TokenizerError) {
            guard let behavior = Behavior(rawValue: try field.string()) else {
                throw field.unsupported(understood: Self.names)
            }
            self = behavior
        }
    }

    /// Cuts every piece by a pattern. `isInverted` swaps matches and what lies between them.
    mutating func split(by pattern: TextPattern, _ behavior: Behavior, isInverted: Bool = false) {
        var result: [Piece] = []
        result.reserveCapacity(pieces.count + bytes.count / 4)
        var cuts: [TextPattern.Cut] = []
        bytes.withUnsafeBufferPointer { bytes in
            for piece in pieces {
                pattern.cut(UnsafeBufferPointer(rebasing: bytes[piece.start..<piece.end]), into: &cuts)
                if isInverted { for index in cuts.indices { cuts[index].isMatch.toggle() } }
                Self.arrange(&cuts, behavior)
                for cut in cuts where cut.start < cut.end && !(behavior == .removed && cut.isMatch) {
                    result.append(
                        Piece(
                            start: piece.start + cut.start, end: piece.start + cut.end,
                            opensText: piece.opensText && cut.start == 0))
                }
            }
        }
        pieces = result
    }

    /// Rewrites every piece, for example into byte-level characters.
    mutating func rewrite(_ write: (UnsafeBufferPointer<UInt8>, Piece, inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 4 + 16)
        bytes.withUnsafeBufferPointer { bytes in
            for index in pieces.indices {
                let start = result.count
                let piece = pieces[index]
                write(UnsafeBufferPointer(rebasing: bytes[piece.start..<piece.end]), piece, &result)
                pieces[index].start = start
                pieces[index].end = result.count
            }
        }
        bytes = result
    }

    private static func arrange(_ cuts: inout [TextPattern.Cut], _ behavior: Behavior) {
        var result: [TextPattern.Cut] = []
        var followsMatch = false
        switch behavior {
        case .removed, .isolated:
            return
        case .mergedWithPrevious:
            for cut in cuts {
                if cut.isMatch, !followsMatch, !result.isEmpty {
                    result[result.count - 1].end = cut.end
                } else {
                    result.append(cut)
                }
                followsMatch = cut.isMatch
            }
        case .contiguous:
            for cut in cuts {
                if cut.isMatch == followsMatch, !result.isEmpty {
                    result[result.count - 1].end = cut.end
                } else {
                    result.append(cut)
                }
                followsMatch = cut.isMatch
            }
        case .mergedWithNext:
            for cut in cuts.reversed() {
                if cut.isMatch, !followsMatch, !result.isEmpty {
                    result[result.count - 1].start = cut.start
                } else {
                    result.append(cut)
                }
                followsMatch = cut.isMatch
            }
            result.reverse()
        }
        cuts = result
    }
}
