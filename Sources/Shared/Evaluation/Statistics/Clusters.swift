/// Which items stand or fall together, such as the questions on one paragraph: they are no independent evidence.
package struct Clusters: Hashable, Sendable {
    /// Each item's cluster, 0 ..< ``count``, in the items' order.
    package let places: [Int]
    package let count: Int

    /// Each item on its own.
    package init(separate count: Int) {
        places = Array(0..<count)
        self.count = count
    }

    /// By the items' names of clusters; an item without one stands alone.
    package init(_ names: [String?]) {
        var known: [String: Int] = [:]
        var count = 0
        places = names.map { name in
            if let name, let place = known[name] { return place }
            if let name { known[name] = count }
            count += 1
            return count - 1
        }
        self.count = count
    }

    /// Whether every item stands alone.
    package var areSeparate: Bool { count == places.count }

    /// The sum of each cluster's values, in the clusters' order.
    func sums(of values: [Double]) -> [Double] {
        var sums = [Double](repeating: 0, count: count)
        for (place, value) in zip(places, values) { sums[place] += value }
        return sums
    }
}
