import Console
import Foundation

/// The arguments of the program with those that a file of settings stands for.
struct SettingsArguments {
    /// With the file's settings put in as flags.
    let arguments: [String]
    /// Where the settings stand that came from the file, by their flags.
    let places: [String: String]

    init(_ given: [String]) throws {
        let command = try CommandOptions(CoordinatorCommand.self, given)
        var arguments = given
        guard command.option("config") != nil, let path = try Self.takeFile(from: &arguments) else {
            (self.arguments, places) = (given, [:])
            return
        }
        let file = try ConfigurationFile(path: path, of: command)
        let names = Set(arguments.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) })
        let settings = file.settings.filter { !names.contains($0.name) }
        // Behind the command's name.
        let place = arguments.firstIndex { !$0.hasPrefix("-") }.map { $0 + 1 } ?? arguments.startIndex
        arguments.insert(contentsOf: settings.flatMap(\.arguments), at: place)
        self.arguments = arguments
        places = Dictionary(
            settings.map { ("--\($0.name)", "\(path), line \($0.line)") }, uniquingKeysWith: { first, _ in first })
    }

    /// Takes `--config FILE` out; nil where it is not there.
    private static func takeFile(from arguments: inout [String]) throws(UsageError) -> String? {
        let flag = "--config"
        guard let place = arguments.firstIndex(where: { $0 == flag || $0.hasPrefix(flag + "=") }) else { return nil }
        let argument = arguments.remove(at: place)
        guard !arguments.contains(where: { $0 == flag || $0.hasPrefix(flag + "=") }) else {
            throw UsageError("\(flag): given twice; put all settings into one file")
        }
        if argument != flag { return String(argument.dropFirst(flag.count + 1)) }
        guard place < arguments.count, !arguments[place].hasPrefix("--") else {
            throw UsageError("\(flag): expected a file")
        }
        return arguments.remove(at: place)
    }
}
