import Foundation
import Run
package import Wire

/// A status, or a refusal, as JSON: one object on one line, with the names of proto/status.proto. It is the answer to a
/// query in text, what `coordinator status --format json` prints, and what the page is told; docs/PROTOCOL.md describes
/// it.
package struct StatusDocument: Encodable {
    /// The version of the description. It goes up where a name goes or means something else; names may come.
    package static let schema = 1

    private let reply: StatusReply

    package init(_ reply: StatusReply) {
        self.reply = reply
    }

    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // The loss of a training that diverges.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        // Numbers, texts and lists of them can be written.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private enum Name: CodingKey { case schema, refusal }

    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Name.self)
        try object.encode(Self.schema, forKey: .schema)
        switch reply {
        case .status(let status): try status.encode(to: encoder)
        case .refusal(let reason): try object.encode(reason, forKey: .refusal)
        }
    }
}
