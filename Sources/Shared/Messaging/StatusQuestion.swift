import Run
package import Transport
package import Wire

/// What came to the status socket, whoever sent it: the query, and how its asker reads an answer.
///
/// A REQ socket puts an empty frame before what it sends and drops everything up to one from what it gets; a DEALER
/// socket does neither, unless its program does. So whatever stands before the query, an empty frame at its end, stands
/// before the answer too.
package struct StatusQuestion: Sendable {
    /// How a query is written, and its answer then.
    package enum Form: Hashable, Sendable {
        /// A `StatusQuery`, a `StatusReply` (proto/envelope.proto).
        case protobuf
        /// A word, or nothing; a ``StatusDocument``.
        case text
    }

    package let form: Form
    /// The query, or why it is none.
    package let query: Result<StatusQuery, any Error>
    private let envelope: [Frame]

    package init(_ frames: [Frame]) {
        let end = frames.dropLast().firstIndex { $0.count == 0 }
        envelope = end.map { Array(frames[...$0]) } ?? []
        let body = Array(frames[envelope.count...])
        // No query in protobuf is UTF-8: its first byte, the tag of a field beyond the fifteenth, is a continuation.
        if let text = body.first.flatMap({ String(validating: $0.bytes, as: UTF8.self) }) {
            form = .text
            query = Result { try Self.query(in: text, frames: body.count) }
        } else {
            form = .protobuf
            query = Result { try WireFormat.decodeStatusQuery(body) }
        }
    }

    /// An answer as its asker reads it.
    package func answer(_ body: Frame) -> [Frame] { envelope + [body] }

    /// Why there is no other answer.
    package func refusal(_ reason: String) -> [Frame] { answer(form.body(of: .refusal(reason: reason))) }

    private static func query(in text: String, frames: Int) throws(NoQuery) -> StatusQuery {
        guard frames == 1 else { throw NoQuery(found: "\(frames) frames") }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.isEmpty || words == ["status"] else {
            throw NoQuery(found: "\"\(text.prefix(40))\"")
        }
        return StatusQuery()
    }
}

extension StatusQuestion.Form {
    package func body(of reply: StatusReply) -> Frame {
        switch self {
        case .protobuf: Frame(WireFormat.encode(reply).header)
        case .text: Frame(Array(StatusDocument(reply).json.utf8))
        }
    }
}

/// A text that is no query.
private struct NoQuery: Error, CustomStringConvertible {
    var found: String

    var description: String {
        "expected the word status, nothing, or a StatusQuery of protocol \(protocolVersion); found \(found)"
    }
}
