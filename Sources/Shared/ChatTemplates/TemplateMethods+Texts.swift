import PlainText

/// Python's methods of strings.
extension TemplateMethods {
    static func call(
        _ name: String, _ text: String, _ arguments: TemplateRenderer.Arguments, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let unknown = ChatTemplateError.unsupported(
            line: line, "the method '\(name.prefix(40))' of a string with these arguments")
        let names = parameters[name] ?? []
        // Python takes most of these by their places alone.
        guard arguments.named.allSatisfy({ names.contains($0.name) }), arguments.plain.count <= 3 else { throw unknown }
        var given = arguments.plain
        for (name, value) in arguments.named {
            guard let place = names.firstIndex(of: name), place >= given.count else { throw unknown }
            while given.count < place { given.append(.none) }
            given.append(value)
        }
        if given.isEmpty, let result = plain(name, text) { return result }
        switch name {
        case "strip", "lstrip", "rstrip", "split", "rsplit":
            guard let result = try cut(name, text, given, line: line) else { throw unknown }
            return result
        case "startswith", "endswith":
            guard given.count == 1, let found = begins(text, with: given[0], atEnd: name == "endswith") else {
                throw unknown
            }
            return .bool(found)
        case "replace":
            guard let limit = limit(given.count > 2 ? given[2] : nil), given.count >= 2,
                case .string(let old) = given[0], case .string(let new) = given[1]
            else { throw unknown }
            return .string(try replaced(text, old, new, limit, line: line))
        default:
            guard given.count >= 1, let result = try other(name, text, given, line: line) else { throw unknown }
            return result
        }
    }

    /// Parameters that may be named.
    private static let parameters: [String: [String]] = [
        "split": ["sep", "maxsplit"], "rsplit": ["sep", "maxsplit"], "splitlines": ["keepends"],
    ]

    // MARK: Without arguments

    private static func plain(_ name: String, _ text: String) -> TemplateValue? {
        let scalars = text.unicodeScalars
        func all(_ condition: (Unicode.Scalar) -> Bool) -> TemplateValue {
            .bool(!scalars.isEmpty && scalars.allSatisfy(condition))
        }
        switch name {
        case "upper": return .string(text.uppercased())
        case "lower": return .string(text.lowercased())
        case "capitalize": return .string(capitalized(text))
        case "title": return .string(titled(text))
        case "swapcase":
            return .string(
                scalars.map {
                    $0.properties.isUppercase ? $0.properties.lowercaseMapping : $0.properties.uppercaseMapping
                }
                .joined())
        case "splitlines": return .list(lines(text).map(TemplateValue.string))
        case "isupper": return .bool(hasCase(text, upper: true))
        case "islower": return .bool(hasCase(text, upper: false))
        case "isspace": return all(\.isPythonSpace)
        case "isascii": return .bool(scalars.allSatisfy(\.isASCII))
        case "isalpha": return all(isLetter)
        case "isdigit": return all { [.digit, .decimal].contains($0.properties.numericType) }
        case "isdecimal": return all { $0.properties.numericType == .decimal }
        case "isnumeric": return all { $0.properties.numericType != nil }
        case "isalnum": return all { isLetter($0) || $0.properties.numericType != nil }
        default: return nil
        }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return text }
        return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
    }

    /// A capital wherever a run of letters that have a case begins.
    private static func titled(_ text: String) -> String {
        var (result, followsCased) = ("", false)
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            result += followsCased ? properties.lowercaseMapping : properties.titlecaseMapping
            followsCased = properties.isCased
        }
        return result
    }

    /// At the ends of lines as Python has them.
    static func lines(_ text: String) -> [String] {
        let ends: Set<Unicode.Scalar> = [
            "\n", "\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}", "\u{2029}",
        ]
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var (isOpen, afterReturn) = (false, false)
        for scalar in text.unicodeScalars {
            if scalar == "\n", afterReturn {
                afterReturn = false
                continue
            }
            afterReturn = scalar == "\r"
            if ends.contains(scalar) {
                lines.append(String(line))
                line.removeAll()
                isOpen = false
            } else {
                line.append(scalar)
                isOpen = true
            }
        }
        return isOpen ? lines + [String(line)] : lines
    }

    // MARK: Cutting

    private static func cut(
        _ name: String, _ text: String, _ given: [TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue? {
        var argument: String?
        switch given.first {
        case nil, TemplateValue.none?: break
        case .string(let text)?: argument = text
        default: return nil
        }
        guard name.hasSuffix("split") else {
            guard given.count <= 1 else { return nil }
            return .string(stripped(text, argument, left: name != "rstrip", right: name != "lstrip"))
        }
        guard given.count <= 2, argument != "", let limit = limit(given.count > 1 ? given[1] : nil) else { return nil }
        let fromRight = name == "rsplit"
        let parts: [String]
        if let argument {
            parts = fromRight ? splitFromRight(text, argument, limit) : Self.parts(of: text, by: argument, limit: limit)
        } else {
            parts = words(text, limit, fromRight: fromRight)
        }
        return .list(parts.map(TemplateValue.string))
    }

    /// How often at most; nil for what is no number. Below 0: as often as it goes.
    private static func limit(_ value: TemplateValue?) -> Int? {
        guard let value else { return .max }
        return value.whole.map { $0 < 0 ? .max : $0 }
    }

    static func stripped(_ text: String, _ characters: String?, left: Bool, right: Bool) -> String {
        let set = characters.map { Set($0.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool { set.map { $0.contains(scalar) } ?? scalar.isPythonSpace }
        var rest = text.unicodeScalars[...]
        if left { rest = rest.drop(while: goes) }
        if right { while let last = rest.last, goes(last) { rest.removeLast() } }
        return String(rest)
    }

    private static func splitFromRight(_ text: String, _ separator: String, _ limit: Int) -> [String] {
        let reversed = { (text: String) in String(text.unicodeScalars.reversed()) }
        return parts(of: reversed(text), by: reversed(separator), limit: limit).map(reversed).reversed()
    }

    /// The words between white space; the last one, or the first, holds what is left.
    private static func words(_ text: String, _ limit: Int, fromRight: Bool) -> [String] {
        var rest = Array(text.unicodeScalars)
        if fromRight { rest.reverse() }
        var words: [[Unicode.Scalar]] = []
        var slice = rest[...].drop(while: \.isPythonSpace)
        while !slice.isEmpty {
            if words.count == limit {
                words.append(Array(slice))
                break
            }
            let word = slice.prefix { !$0.isPythonSpace }
            words.append(Array(word))
            slice = slice[word.endIndex...].drop(while: \.isPythonSpace)
        }
        let texts = words.map { String(fromRight ? $0.reversed() : $0) }
        return fromRight ? texts.reversed() : texts
    }

    static func replaced(
        _ text: String, _ old: String, _ new: String, _ limit: Int, line: Int
    ) throws(ChatTemplateError) -> String {
        let parts: [String]
        if old.isEmpty {
            // Before each character, and behind the last.
            let scalars = text.unicodeScalars.map { String($0) }
            let places = min(limit, scalars.count + 1)
            parts = [""] + scalars.prefix(max(places - 1, 0)) + [scalars.dropFirst(max(places - 1, 0)).joined()]
            if places == 0 { return text }
        } else {
            parts = Self.parts(of: text, by: old, limit: limit)
        }
        let (added, overflows) = (parts.count - 1).multipliedReportingOverflow(by: new.utf8.count)
        try TemplateText.check(overflows ? .max : text.utf8.count + min(added, .max / 2), line: line)
        return parts.joined(separator: new)
    }

    private static func begins(_ text: String, with part: TemplateValue, atEnd: Bool) -> Bool? {
        switch part {
        case .string(let part):
            return atEnd
                ? text.unicodeScalars.reversed().starts(with: part.unicodeScalars.reversed())
                : text.unicodeScalars.starts(with: part.unicodeScalars)
        case .tuple(let parts):
            var found = false
            for part in parts {
                guard case .string = part, let begins = begins(text, with: part, atEnd: atEnd) else { return nil }
                found = found || begins
            }
            return found
        default: return nil
        }
    }

    // MARK: The rest

    private static func other(
        _ name: String, _ text: String, _ given: [TemplateValue], line: Int
    ) throws(ChatTemplateError) -> TemplateValue? {
        switch (name, given[0]) {
        case ("removeprefix", .string(let part)) where given.count == 1:
            let goes = text.unicodeScalars.starts(with: part.unicodeScalars)
            return .string(goes ? String(text.unicodeScalars.dropFirst(part.unicodeScalars.count)) : text)
        case ("removesuffix", .string(let part)) where given.count == 1:
            let goes = !part.isEmpty && begins(text, with: given[0], atEnd: true) == true
            return .string(goes ? String(text.unicodeScalars.dropLast(part.unicodeScalars.count)) : text)
        case ("count", .string(let part)) where given.count == 1:
            return .integer(
                part.isEmpty ? text.unicodeScalars.count + 1 : parts(of: text, by: part).count - 1)
        case ("find", .string(let part)), ("index", .string(let part)), ("rfind", .string(let part)),
            ("rindex", .string(let part)):
            guard given.count == 1 else { return nil }
            return try place(of: part, in: text, name, line: line)
        case ("partition", .string(let part)), ("rpartition", .string(let part)):
            guard given.count == 1, !part.isEmpty else { return nil }
            return partition(text, part, fromRight: name == "rpartition")
        case ("join", let values):
            guard given.count == 1 else { return nil }
            return try joined(values, text, line: line)
        case ("splitlines", let keepsEnds) where given.count == 1 && !keepsEnds.isTrue:
            return .list(lines(text).map(TemplateValue.string))
        case ("ljust", _), ("rjust", _), ("center", _), ("zfill", _):
            guard let width = given[0].whole, given.count <= (name == "zfill" ? 1 : 2) else { return nil }
            return try padded(name, text, width, given.count > 1 ? given[1] : .string(" "), line: line)
        default: return nil
        }
    }

    private static func place(
        of part: String, in text: String, _ name: String, line: Int
    ) throws(ChatTemplateError) -> TemplateValue {
        let fromRight = name.hasPrefix("r")
        var place: Int? = fromRight ? text.unicodeScalars.count : 0
        if !part.isEmpty {
            let parts = fromRight ? splitFromRight(text, part, 1) : Self.parts(of: text, by: part, limit: 1)
            place = parts.count > 1 ? parts[0].unicodeScalars.count : nil
        }
        guard place != nil || name.hasSuffix("find") else { throw .failed(line: line, "a text that is not found") }
        return .integer(place ?? -1)
    }

    private static func partition(_ text: String, _ part: String, fromRight: Bool) -> TemplateValue {
        let parts = fromRight ? splitFromRight(text, part, 1) : Self.parts(of: text, by: part, limit: 1)
        let three = parts.count > 1 ? [parts[0], part, parts[1]] : fromRight ? ["", "", text] : [text, "", ""]
        return .tuple(three.map(TemplateValue.string))
    }

    private static func joined(
        _ values: TemplateValue, _ separator: String, line: Int
    ) throws(ChatTemplateError) -> TemplateValue? {
        let elements: [TemplateValue]
        switch values {
        case .list(let values), .tuple(let values): elements = values
        case .generator(let generator): elements = generator.takeAll()
        case .undefined: elements = []
        default: return nil
        }
        let texts = elements.compactMap { value in if case .string(let text) = value { text } else { nil } }
        guard texts.count == elements.count else { throw .failed(line: line, "join of values that are no strings") }
        try check(texts, separator, line: line)
        return .string(texts.joined(separator: separator))
    }

    /// Refuses texts that together are too long.
    static func check(_ texts: [String], _ separator: String, line: Int) throws(ChatTemplateError) {
        var bytes = 0
        for text in texts {
            bytes += text.utf8.count + separator.utf8.count
            try TemplateText.check(bytes - separator.utf8.count, line: line)
        }
    }

    static func padded(
        _ name: String, _ text: String, _ width: Int, _ character: TemplateValue, line: Int
    ) throws(ChatTemplateError) -> TemplateValue? {
        guard case .string(let filling) = character, filling.unicodeScalars.count == 1 else { return nil }
        let missing = max(width.subtractingReportingOverflow(text.unicodeScalars.count).partialValue, 0)
        guard width > 0, missing > 0 else { return .string(text) }
        try TemplateText.check(min(missing, .max / 8) * 4, line: line)
        func fill(_ count: Int, _ filling: String = filling) -> String { String(repeating: filling, count: count) }
        switch name {
        case "ljust": return .string(text + fill(missing))
        case "rjust": return .string(fill(missing) + text)
        case "center":
            let left = missing / 2 + (missing & width & 1)
            return .string(fill(left) + text + fill(missing - left))
        default:
            let signed = text.hasPrefix("-") || text.hasPrefix("+")
            return .string(
                (signed ? String(text.prefix(1)) : "") + fill(missing, "0") + (signed ? String(text.dropFirst()) : text)
            )
        }
    }
}
