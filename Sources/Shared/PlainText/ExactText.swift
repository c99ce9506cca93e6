/// A text that equals another where their bytes do.
///
/// To `String` an "é" of one scalar and one of two are the same. To a model they are different tokens, so whatever keeps
/// something by a prompt keeps it by this.
package struct ExactText: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(text.utf8.count)
    }
}
