/// Remembers the ids of words met before. Bounded: when it is full it starts afresh. What it holds never shows
/// in a result, only in the time it takes.
struct WordCache {
    /// Longer words, in bytes, are not kept.
    static let wordLimit = 128
    private static let slotCount = 1 << 15
    private static let entryLimit = slotCount / 2

    private struct Entry {
        var hash: Int
        var text: Int32
        var textLength: Int32
        var ids: Int32
        var idCount: Int32
    }

    private var slots = [Int32](repeating: -1, count: slotCount)
    private var entries: [Entry] = []
    private var text: [UInt8] = []
    private var ids: [Int32] = []

    /// Appends the word's ids and returns true when they are known.
    @inline(__always)
    func append(_ word: UnsafeBufferPointer<UInt8>, hash: Int, to result: inout [Int32]) -> Bool {
        var slot = hash & (Self.slotCount - 1)
        while slots[slot] >= 0 {
            let entry = entries[Int(slots[slot])]
            if entry.hash == hash, Int(entry.textLength) == word.count {
                let isSame = text.withUnsafeBufferPointer { text in
                    haveEqualBytes(
                        UnsafeBufferPointer(rebasing: text[Int(entry.text)..<Int(entry.text) + word.count]), word)
                }
                if isSame {
                    for index in Int(entry.ids)..<Int(entry.ids + entry.idCount) { result.append(ids[index]) }
                    return true
                }
            }
            slot = (slot + 1) & (Self.slotCount - 1)
        }
        return false
    }

    /// Keeps a word that was not known.
    mutating func insert(_ word: UnsafeBufferPointer<UInt8>, hash: Int, ids wordIDs: ArraySlice<Int32>) {
        guard word.count <= Self.wordLimit else { return }
        if entries.count >= Self.entryLimit {
            slots = [Int32](repeating: -1, count: Self.slotCount)
            entries.removeAll(keepingCapacity: true)
            text.removeAll(keepingCapacity: true)
            ids.removeAll(keepingCapacity: true)
        }
        var slot = hash & (Self.slotCount - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (Self.slotCount - 1) }
        slots[slot] = Int32(entries.count)
        entries.append(
            Entry(
                hash: hash, text: Int32(text.count), textLength: Int32(word.count), ids: Int32(ids.count),
                idCount: Int32(wordIDs.count)))
        text.append(contentsOf: word)
        ids.append(contentsOf: wordIDs)
    }
}
