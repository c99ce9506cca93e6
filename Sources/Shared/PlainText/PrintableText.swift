/// Text from outside made fit for a terminal, or to stand in a message of one line.
package enum PrintableText {
    /// The text's beginning, for a message that quotes it: whatever is no plain text is escaped, and what is longer
    /// than `limit` scalars is cut.
    package static func quoted(_ text: String, limit: Int = 60) -> String {
        var shown = ""
        for (count, scalar) in text.unicodeScalars.enumerated() {
            if count == limit { return shown + "…" }
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format, .unassigned, .privateUse:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Line breaks become "; ", tabs become spaces, and other control characters and marks that change the
    /// direction of writing become U+FFFD.
    package static func oneLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        var pendingBreak = false
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}" {
                pendingBreak = !line.isEmpty
                continue
            }
            if pendingBreak {
                line.append(contentsOf: "; ".unicodeScalars)
                pendingBreak = false
            }
            line.append(scalar == "\t" ? " " : isControl(scalar) ? "\u{FFFD}" : scalar)
        }
        return String(line)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    /// Columns that the text takes: two for the wide characters of East Asian scripts and emoji, none for
    /// combining marks.
    package static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    /// The text, cut to so many columns, the last of them an ellipsis where anything was cut.
    package static func cut(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var kept = ""
        var used = 0
        for character in text {
            let next = width(character)
            if used + next > columns - 1 { break }
            kept.append(character)
            used += next
        }
        return kept + "…"
    }

    /// The text in lines of at most so many columns, broken at spaces where there are any; one line at least.
    package static func wrapped(_ text: String, to columns: Int) -> [String] {
        let columns = max(2, columns)
        if width(text) <= columns { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var word = String(word)
            if !line.isEmpty, width(line) + 1 + width(word) <= columns {
                line += " " + word
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while width(word) > columns {
                let head = fitting(word, columns)
                lines.append(head)
                word.removeFirst(head.count)
            }
            line = word
        }
        return lines + [line]
    }

    /// The longest beginning of at most so many columns, one character at least.
    private static func fitting(_ text: String, _ columns: Int) -> String {
        var used = 0
        let head = text.prefix { character in
            used += width(character)
            return used <= columns
        }
        return String(head.isEmpty ? text.prefix(1) : head)
    }

    /// The text in ASCII, as a terminal of the C locale shows it: what this program draws and punctuates with has a
    /// form there; other characters, which come from outside, stay.
    package static func ascii(_ text: String) -> String {
        text.map { asciiForms[$0] ?? String($0) }.joined()
    }

    private static let asciiForms: [Character: String] = [
        "─": "-", "│": "|", "▕": "[", "▏": "]", "▎": "#", "▍": "#", "▌": "#", "▋": "#", "▊": "#", "▉": "#", "█": "#",
        "…": "...", "–": "-", "—": "-", "×": "x", "·": "*", "→": "->", "≥": ">=", "≤": "<=", "²": "^2", "ᵀ": "T",
        "“": "\"", "”": "\"", "‘": "'", "’": "'", "±": "+-", "Δ": "d",
    ]

    private static func width(_ character: Character) -> Int {
        guard let value = character.unicodeScalars.first?.value else { return 0 }
        switch value {
        case 0x300...0x36f, 0x200b...0x200d: return 0
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }
}
