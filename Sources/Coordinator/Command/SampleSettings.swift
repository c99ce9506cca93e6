import Console
import Foundation
import PlainText

/// What `coordinator run --print-config` writes: a file for `--config` with all settings, those that were given as they
/// were given, the others as comments with what they are for.
struct SampleSettings {
    private let command: CommandOptions
    private let given: [String: [String]]

    /// - Parameter arguments: the program's, those of a file of settings among them.
    init(_ arguments: [String]) throws {
        command = try CommandOptions(CoordinatorCommand.self, arguments)
        try command.checkNames()
        var given: [String: [String]] = [:]
        var name: String?
        for argument in arguments {
            if argument.hasPrefix("--") {
                let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                given[String(parts[0]), default: []] += parts.dropFirst().map(String.init)
                name = parts.count == 1 ? String(parts[0]) : nil
            } else if let name {
                given[name, default: []].append(argument)
            }
        }
        self.given = given
    }

    var text: String {
        var lines = ["# Settings of a run, for: coordinator run --config FILE (flags win)"]
        var section: String?
        for option in command.options where Self.isSetting(option) {
            if option.section != section { lines += ["", "## \(option.section ?? "Other")"] }
            section = option.section
            lines.append("")
            lines += PrintableText.wrapped(Self.help(of: option), to: 78).map { "# " + $0 }
            lines += option.names.map { line($0, option) }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func isSetting(_ option: CommandOption) -> Bool {
        option.isShown && !["config", "preset", "print-config", "dry-run", "help", "version"].contains(option.names[0])
    }

    private static func help(of option: CommandOption) -> String {
        PrintableText.oneLine(option.help) + (option.isRequired ? " Required." : "")
    }

    private func line(_ name: String, _ option: CommandOption) -> String {
        guard let values = given[name] else {
            let value = option.isFlag ? "no" : option.defaultValue.map(Self.scalar) ?? "<\(option.valueName)>"
            return "# \(name): " + (option.isList ? "[\(value)]" : value)
        }
        if option.isFlag { return "\(name): yes" }
        let scalars = values.map(Self.scalar)
        return "\(name): " + (option.isList ? "[\(scalars.joined(separator: ", "))]" : scalars.last ?? "~")
    }

    /// A text as YAML takes it for the same text.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:+".utf8.contains(byte)
            }
        }
        let words = ["yes", "no", "true", "false", "on", "off", "null", "y", "n"]
        let starts = text.first.map { $0.isLetter || $0.isNumber || $0 == "/" || $0 == "." } ?? false
        if isPlain, starts, !words.contains(text.lowercased()), !text.hasSuffix(":") { return text }
        return "'" + text.replacing("'", with: "''") + "'"
    }
}
