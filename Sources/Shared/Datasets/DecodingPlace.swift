import Foundation

/// Where in a JSON document a decoder stopped, as `data[3].paragraphs[0].context`, and why, in one line.
struct DecodingPlace {
    let path: String
    let cause: String

    /// - Parameter data: the document.
    init(_ error: any Error, in data: Data) {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            path = Self.path(context.codingPath + [key])
            cause = "missing"
        case DecodingError.valueNotFound(let type, let context):
            path = Self.path(context.codingPath)
            cause = "null, expected \(Self.name(type))"
        case DecodingError.typeMismatch(let type, let context):
            path = Self.path(context.codingPath)
            cause = "expected \(Self.name(type))"
        case DecodingError.dataCorrupted(let context):
            path = Self.path(context.codingPath)
            cause = "not valid JSON" + (Self.syntaxError(of: data).map { ": \($0)" } ?? "")
        default:
            path = ""
            cause = Self.oneLine("\(error)")
        }
    }

    /// What JSONSerialization says, since JSONDecoder names no place. Nil where it finds nothing wrong.
    private static func syntaxError(of data: Data) -> String? {
        do {
            _ = try JSONSerialization.jsonObject(with: data)
            return nil
        } catch {
            return ((error as NSError).userInfo["NSDebugDescription"] as? String).map(oneLine)
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path
    }

    private static func name(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is any Collection.Type where !(type is any ExpressibleByDictionaryLiteral.Type): "a list"
        case is any BinaryInteger.Type: "an integer"
        case is any FloatingPoint.Type: "a number"
        default: "an object"
        }
    }

    /// Control characters are left out and the rest is bounded, since it may quote the file.
    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(200).map { $0.value < 0x20 ? " " : $0 }))
    }
}
