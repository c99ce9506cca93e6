import PlainText

/// Methods of Python's values, as far as templates can call them: those that change a value in place are not among
/// them, as in the sandbox that transformers uses.
enum TemplateMethods {
    private static let ofTexts: Set<String> = [
        "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "format", "format_map",
        "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
        "isprintable", "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "maketrans", "partition",
        "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip",
        "split",
        "splitlines", "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
    ]
    private static let ofDictionaries: Set<String> = [
        "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values",
    ]
    private static let ofLists: Set<String> = [
        "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort",
    ]

    /// What a value's attributes are that are methods.
    static func names(of value: TemplateValue) -> Set<String> {
        switch value {
        case .string: ofTexts
        case .dictionary: ofDictionaries
        case .list: ofLists
        case .tuple: ["count", "index"]
        default: []
        }
    }

    static func call(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateRenderer.Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch value {
        case .string(let text): return try call(name, text, arguments, line: line)
        case .dictionary(let dictionary): return try call(name, dictionary, arguments, line: line)
        case .list(let values), .tuple(let values):
            guard arguments.named.isEmpty, arguments.plain.count <= 1 else { break }
            switch (name, arguments.plain.first) {
            case ("copy", nil): return value
            case ("count", let wanted?): return .integer(values.count { TemplateValue.equal($0, wanted) })
            case ("index", let wanted?):
                guard let place = values.firstIndex(where: { TemplateValue.equal($0, wanted) }) else {
                    throw .failed(line: line, "a value that is not in the list")
                }
                return .integer(place)
            default: break
            }
        default: break
        }
        throw .unsupported(line: line, "the method '\(name.prefix(40))' of \(value.kind) with these arguments")
    }

    private static func call(
        _ name: String, _ dictionary: TemplateDictionary, _ arguments: TemplateRenderer.Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        switch name {
        case "items" where arguments.plain.isEmpty: return .list(dictionary.pairs.map { .tuple([$0.key, $0.value]) })
        case "keys" where arguments.plain.isEmpty: return .list(dictionary.pairs.map(\.key))
        case "values" where arguments.plain.isEmpty: return .list(dictionary.pairs.map(\.value))
        case "copy" where arguments.plain.isEmpty: return .dictionary(dictionary)
        case "get" where arguments.named.isEmpty && (1...2).contains(arguments.plain.count):
            return dictionary[try arguments.plain[0].asKey(line: line)]
                ?? (arguments.plain.count > 1 ? arguments.plain[1] : .none)
        default:
            throw .unsupported(line: line, "the method '\(name.prefix(40))' of a dictionary with these arguments")
        }
    }

    /// Whether a text has letters of this case, and none of the other.
    static func hasCase(_ text: String, upper: Bool) -> Bool {
        var found = false
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if upper ? properties.isLowercase || isTitlecase(scalar) : properties.isUppercase || isTitlecase(scalar) {
                return false
            }
            if upper ? properties.isUppercase : properties.isLowercase { found = true }
        }
        return found
    }

    static func isTitlecase(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .titlecaseLetter
    }

    /// The text between the separators, which are not empty, cut at the first `limit` of them.
    ///
    /// Byte by byte, since Swift's own search takes canonically equivalent texts for equal; and by Knuth, Morris and
    /// Pratt (1977), in time that grows with the text alone, whatever the template looks for in it.
    static func parts(of text: String, by separator: String, limit: Int = .max) -> [String] {
        let (bytes, wanted) = (Array(text.utf8), Array(separator.utf8))
        // Of each beginning of `wanted`: how long a part of it is both its end and a beginning.
        var borders = [0]
        for place in wanted.indices.dropFirst() {
            var border = borders[place - 1]
            while border > 0, wanted[border] != wanted[place] { border = borders[border - 1] }
            borders.append(wanted[border] == wanted[place] ? border + 1 : 0)
        }
        var parts: [String] = []
        var (begin, matched) = (0, 0)
        for (place, byte) in bytes.enumerated() where parts.count < limit {
            while matched > 0, wanted[matched] != byte { matched = borders[matched - 1] }
            if wanted[matched] == byte { matched += 1 }
            guard matched == wanted.count else { continue }
            parts.append(String(decoding: bytes[begin...place].dropLast(wanted.count), as: UTF8.self))
            (begin, matched) = (place + 1, 0)
        }
        return parts + [String(decoding: bytes[begin...], as: UTF8.self)]
    }
}
