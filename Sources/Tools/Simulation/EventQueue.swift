/// A priority queue by time; events of the same time keep their order.
struct EventQueue {
    // Not generic: a generic one of another file is not specialized in debug builds.
    typealias Element = Simulation.Happening

    /// What is sifted: small, whatever an element's size.
    private struct Entry {
        var time: Double
        var number: Int
        var slot: Int

        static func < (a: Entry, b: Entry) -> Bool { a.time < b.time || a.time == b.time && a.number < b.number }
    }

    private var heap: [Entry] = []
    private var nextNumber = 0
    private var elements: [Element?] = []
    private var freeSlots: [Int] = []

    mutating func insert(_ element: Element, at time: Double) {
        let slot = freeSlots.popLast() ?? elements.count
        if slot == elements.count { elements.append(element) } else { elements[slot] = element }
        heap.append(Entry(time: time, number: nextNumber, slot: slot))
        nextNumber += 1
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (Double, Element)? {
        guard let first = heap.first, let element = elements[first.slot] else { return nil }
        elements[first.slot] = nil
        freeSlots.append(first.slot)
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var next = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[next] {
                    next = child
                }
                if next == parent { break }
                heap.swapAt(parent, next)
                parent = next
            }
        }
        return (first.time, element)
    }
}
