/// A priority queue by time; events of the same time keep their order.
struct EventQueue<Element> {
    private var heap: [(time: Double, number: Int, element: Element)] = []
    private var nextNumber = 0

    mutating func insert(_ element: Element, at time: Double) {
        heap.append((time, nextNumber, element))
        nextNumber += 1
        var child = heap.count - 1
        while child > 0, comesBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (Double, Element)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var next = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && comesBefore(child, next) {
                    next = child
                }
                if next == parent { break }
                heap.swapAt(parent, next)
                parent = next
            }
        }
        return (first.time, first.element)
    }

    private func comesBefore(_ a: Int, _ b: Int) -> Bool {
        (heap[a].time, heap[a].number) < (heap[b].time, heap[b].number)
    }
}
