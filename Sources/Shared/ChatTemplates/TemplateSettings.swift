import Foundation
import JSON

/// What a template is told besides the messages.
package struct TemplateSettings: Sendable {
    /// Values by name.
    let variables: [String: JSONValue]
    /// The day of `strftime_now`; nil where it is not defined.
    let date: TemplateDate?

    package init() {
        variables = [:]
        date = nil
    }

    /// Variables that a template always has.
    private static let taken: Set<String> = ["messages", "add_generation_prompt"]

    /// - Parameters:
    ///   - variables: values as JSON, by name.
    ///   - date: `YYYY-MM-DD`.
    /// - Throws: ``ChatTemplateError/unusableSetting(_:)`` naming the flag.
    package init(variables: [String: String], date: String?) throws(ChatTemplateError) {
        var values: [String: JSONValue] = [:]
        for (name, text) in variables {
            guard Self.isName(name), !Self.taken.contains(name) else {
                throw .unusableSetting("--template-variable \(name): expected a name that a template may set")
            }
            do throws(JSONError) {
                values[name] = try JSONField<JSONError>(file: name, bytes: Array(text.utf8)).value
            } catch {
                throw .unusableSetting(
                    "--template-variable \(name)=\(text): expected JSON, such as false, 2 or '\"a text\"'")
            }
        }
        self.variables = values
        self.date = try date.map { text throws(ChatTemplateError) in
            guard let date = TemplateDate(text) else {
                throw .unusableSetting("--template-date \(text): expected a day as YYYY-MM-DD")
            }
            return date
        }
    }

    private static func isName(_ text: String) -> Bool {
        text.range(of: "^[A-Za-z_][A-Za-z0-9_]*\\z", options: .regularExpression) != nil
    }
}

/// A day, written as `strftime` does in the C locale.
struct TemplateDate: Sendable {
    private let year, month, day: Int32

    /// - Parameter text: `YYYY-MM-DD`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard text.utf8.count == 10, parts.map(\.count) == [4, 2, 2], text.utf8.allSatisfy({ $0 < 128 }),
            let year = Int32(parts[0]), let month = Int32(parts[1]), let day = Int32(parts[2]),
            (1000...9999).contains(year), (1...12).contains(month)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days: [Int32] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...days[Int(month) - 1]).contains(day) else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// The longest format, and the longest text, in bytes.
    private static let limit = 4096

    /// What Python's `datetime.strftime` makes of midnight of the day; nil for a format that is too long, makes too long
    /// a text, or asks for the time zone's seconds.
    func written(_ format: String) -> String? {
        guard format.utf8.count <= Self.limit, !format.utf8.contains(0) else { return nil }
        var plain = ""
        var rest = Substring(format)
        // Python writes these itself: a day has no microseconds and no zone.
        while let percent = rest.firstIndex(of: "%") {
            plain += rest[..<percent]
            let directive = rest[percent...].prefix(2)
            switch directive {
            case "%f": plain += "000000"
            case "%z", "%Z": break
            case "%s": return nil
            default: plain += directive
            }
            rest = rest[directive.endIndex...]
        }
        plain += rest
        guard !plain.isEmpty else { return "" }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        time.tm_isdst = -1
        // Fills in the day of the week and of the year.
        _ = timegm(&time)
        var buffer = [CChar](repeating: 0, count: Self.limit)
        // A space shows an empty text from one that does not fit.
        let count = strftime(&buffer, buffer.count, plain + " ", &time)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<(count - 1)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
