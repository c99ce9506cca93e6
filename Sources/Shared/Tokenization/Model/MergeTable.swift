/// The merges of byte pair encoding: two neighbouring pieces, their rank (lower goes first) and what they become.
///
/// A flat table with open addressing, two words per slot: the pair of ids, then rank and result. 280,000 merges
/// take 16 MiB and one cache line per look-up.
struct MergeTable {
    /// What `rankAndResult` answers when a pair does not merge; later than every rank.
    static let none = UInt64.max

    private var words: [UInt64]
    private let mask: Int
    /// Keyed per process, so that no file can aim at collisions.
    private let seed: UInt64

    /// Room for `count` merges.
    init(count: Int) {
        var capacity = 16
        while capacity < count * 2 { capacity *= 2 }
        words = [UInt64](repeating: Self.none, count: capacity * 2)
        mask = capacity - 1
        seed = UInt64(bitPattern: Int64(Hasher().finalize()))
    }

    /// Adds a merge. One that is there already gets the new rank, as in the tokenizers library.
    mutating func insert(_ left: Int32, _ right: Int32, rank: UInt32, result: Int32) {
        let key = Self.key(left, right)
        var slot = slot(of: key)
        while words[slot * 2] != Self.none, words[slot * 2] != key { slot = (slot + 1) & mask }
        words[slot * 2] = key
        words[slot * 2 + 1] = UInt64(rank) << 32 | UInt64(UInt32(bitPattern: result))
    }

    /// `rank << 32 | result` of a pair, ``none`` when it does not merge.
    @inline(__always)
    func rankAndResult(_ left: Int32, _ right: Int32) -> UInt64 {
        let key = Self.key(left, right)
        return words.withUnsafeBufferPointer { words in
            var slot = slot(of: key)
            while true {
                let found = words[slot * 2]
                if found == key { return words[slot * 2 + 1] }
                if found == Self.none { return Self.none }
                slot = (slot + 1) & mask
            }
        }
    }

    /// The piece that a look-up's answer names.
    @inline(__always)
    static func result(_ rankAndResult: UInt64) -> Int32 { Int32(truncatingIfNeeded: rankAndResult) }

    @inline(__always)
    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private func slot(of key: UInt64) -> Int {
        var mixed = (key ^ seed) &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 32
        mixed = mixed &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 32) & mask
    }
}
