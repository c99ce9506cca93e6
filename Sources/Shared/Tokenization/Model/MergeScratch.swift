/// The working memory of one merge loop, reused from word to word.
struct MergeScratch {
    /// The word's pieces; after merging, those that are left.
    var symbols: [Int32] = []
    /// For each place, the answer of the merge table for the piece there and the next one.
    private var candidates: [UInt64] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var queue = MergeQueue()

    /// Below this many pieces, looking through all the neighbours beats a heap.
    private static let scanLimit = 40

    /// Merges the pieces of `symbols`: the pair of the lowest rank first, of equal ranks the leftmost.
    mutating func merge(by merges: MergeTable) {
        if symbols.count < 2 { return }
        if symbols.count <= Self.scanLimit { mergeByScanning(merges) } else { mergeByHeap(merges) }
    }

    private mutating func mergeByScanning(_ merges: MergeTable) {
        var count = symbols.count
        candidates.removeAll(keepingCapacity: true)
        for place in 0..<count - 1 { candidates.append(merges.rankAndResult(symbols[place], symbols[place + 1])) }
        while true {
            var best = MergeTable.none
            var place = -1
            for index in 0..<count - 1 where candidates[index] < best {
                best = candidates[index]
                place = index
            }
            if place < 0 { break }
            symbols[place] = MergeTable.result(best)
            count -= 1
            for index in place + 1..<max(count, place + 1) { symbols[index] = symbols[index + 1] }
            for index in place..<max(count - 1, place) { candidates[index] = candidates[index + 1] }
            if place > 0 { candidates[place - 1] = merges.rankAndResult(symbols[place - 1], symbols[place]) }
            if place + 1 < count { candidates[place] = merges.rankAndResult(symbols[place], symbols[place + 1]) }
        }
        symbols.removeLast(symbols.count - count)
    }

    /// The same in O(n log n). An entry of the queue is stale when the pieces at its place have changed: both of
    /// them only ever grow, so that the pair then has another rank or none.
    private mutating func mergeByHeap(_ merges: MergeTable) {
        let count = symbols.count
        candidates.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        next.removeAll(keepingCapacity: true)
        queue.removeAll()
        for place in 0..<count {
            let candidate =
                place + 1 < count ? merges.rankAndResult(symbols[place], symbols[place + 1]) : MergeTable.none
            candidates.append(candidate)
            previous.append(Int32(truncatingIfNeeded: place - 1))
            next.append(place + 1 < count ? Int32(truncatingIfNeeded: place + 1) : -1)
            if candidate != MergeTable.none { queue.insert(rank: candidate >> 32, place: place) }
        }
        while let (rank, place) = queue.popFirst() {
            let candidate = candidates[place]
            guard candidate != MergeTable.none, candidate >> 32 == rank else { continue }
            let right = Int(next[place])
            let after = next[right]
            symbols[place] = MergeTable.result(candidate)
            symbols[right] = -1
            candidates[right] = MergeTable.none
            next[place] = after
            if after >= 0 { previous[Int(after)] = Int32(truncatingIfNeeded: place) }
            refresh(place, merges)
            if previous[place] >= 0 { refresh(Int(previous[place]), merges) }
        }
        symbols.removeAll { $0 < 0 }
    }

    private mutating func refresh(_ place: Int, _ merges: MergeTable) {
        let right = next[place]
        let candidate =
            right >= 0 ? merges.rankAndResult(symbols[place], symbols[Int(right)]) : MergeTable.none
        candidates[place] = candidate
        if candidate != MergeTable.none { queue.insert(rank: candidate >> 32, place: place) }
    }
}

/// A binary heap of merges to come: lowest rank first, of equal ranks the leftmost place.
private struct MergeQueue {
    /// `rank << 32 | place`.
    private var entries: [UInt64] = []

    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

    mutating func insert(rank: UInt64, place: Int) {
        var child = entries.count
        let entry = rank << 32 | UInt64(truncatingIfNeeded: place)
        entries.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            if entries[parent] <= entry { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = entry
    }

    mutating func popFirst() -> (rank: UInt64, place: Int)? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if !entries.isEmpty {
            var parent = 0
            while true {
                var child = parent * 2 + 1
                if child >= entries.count { break }
                if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
                if last <= entries[child] { break }
                entries[parent] = entries[child]
                parent = child
            }
            entries[parent] = last
        }
        return (first >> 32, Int(first & 0xFFFF_FFFF))
    }
}
