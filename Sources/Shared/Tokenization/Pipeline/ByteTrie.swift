/// Finds the leftmost of several byte strings in a text, of those that begin there the longest.
struct ByteTrie: Sendable {
    /// `node << 8 | byte` to the node behind that byte; node 0 is the root.
    private var children: [Int: Int] = [:]
    /// By node: what ends there, −1 for nothing.
    private var values = [-1]
    /// By byte: whether a string begins with it. Most of a text never gets past this.
    private var begins = [Bool](repeating: false, count: 256)

    var isEmpty: Bool { values.count == 1 }

    /// Adds a string that is not empty. Of two equal ones the first stays.
    mutating func insert(_ string: [UInt8], _ value: Int) {
        guard let first = string.first else { return }
        begins[Int(first)] = true
        var node = 0
        for byte in string {
            let key = node << 8 | Int(byte)
            if let child = children[key] {
                node = child
            } else {
                node = values.count
                children[key] = node
                values.append(-1)
            }
        }
        if values[node] < 0 { values[node] = value }
    }

    func firstMatch(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> (start: Int, end: Int, value: Int)? {
        begins.withUnsafeBufferPointer { begins in
            var start = start
            while start < text.count {
                if begins[Int(text[start])] {
                    var found: (start: Int, end: Int, value: Int)?
                    var node = 0
                    var index = start
                    while index < text.count, let child = children[node << 8 | Int(text[index])] {
                        node = child
                        index += 1
                        if values[node] >= 0 { found = (start, index, values[node]) }
                    }
                    if let found { return found }
                }
                start += 1
            }
            return nil
        }
    }
}
