/// The names that an object has had so far. Names are told apart by their bytes: String's equality would merge
/// canonically equivalent ones.
package struct NameSet {
    private struct Name: Hashable {
        let text: String

        static func == (left: Name, right: Name) -> Bool { left.text.hasSameBytes(as: right.text) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    /// Most objects have so few members that looking through them is faster.
    private static let listLimit = 12
    private var list: [String] = []
    private var set: Set<Name> = []

    package init() {}

    /// False where the name is there already.
    package mutating func insert(_ name: String) -> Bool {
        if !set.isEmpty { return set.insert(Name(text: name)).inserted }
        if list.contains(where: { $0.hasSameBytes(as: name) }) { return false }
        list.append(name)
        if list.count > Self.listLimit { set = Set(list.map(Name.init)) }
        return true
    }
}

extension String {
    /// Whether both are the same text byte for byte, which `==` does not say.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
