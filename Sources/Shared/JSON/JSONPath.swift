import PlainText

/// Where in a document a value stands, as `data[0].paragraphs[1].qas[2].id`. Empty for the document itself.
///
/// A link to the place above, since a path is made for every value that is read and its text for an error alone.
package indirect enum JSONPath: Hashable, Sendable {
    case start(String)
    case member(of: JSONPath, String)
    case element(of: JSONPath, Int)

    package var text: String {
        switch self {
        case .start(let text): text
        case .member(let parent, let name): Self.joined(parent.text, Self.step(to: name))
        case .element(let parent, let index): "\(parent.text)[\(index)]"
        }
    }

    /// A member's name as a path alone: `name`, or `["odd name"]`.
    static func step(to name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain && !name.isEmpty && name.utf8.count <= 80 ? name : "[\"\(PrintableText.quoted(name))\"]"
    }

    static func joined(_ head: String, _ tail: String) -> String {
        head.isEmpty || tail.isEmpty || tail.hasPrefix("[") ? head + tail : "\(head).\(tail)"
    }
}
