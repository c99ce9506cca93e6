package import ArgumentParser

/// A value of an option that takes several: `--channel 8:8 16:16` and `--channel 8:8,16:16` say the same. One argument
/// holds one element, or several with commas between them.
///
///     @Option(parsing: .upToNextOption) var channel: [ValueList<Channel>] = []
///     channel.elements
package struct ValueList<Element: ExpressibleByArgument>: ExpressibleByArgument {
    package let elements: [Element]

    package init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        let elements = parts.compactMap { $0.isEmpty ? nil : Element(argument: $0) }
        guard elements.count == parts.count else { return nil }
        self.elements = elements
    }

    package static var allValueStrings: [String] { Element.allValueStrings }
}

extension ValueList: Sendable where Element: Sendable {}

extension Sequence {
    /// The elements of all of them, in order.
    package func elements<Value: ExpressibleByArgument>() -> [Value] where Element == ValueList<Value> {
        flatMap(\.elements)
    }
}
