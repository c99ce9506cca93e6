import Console
import Foundation
import Presets

/// The arguments of the program with those that a preset and a file of settings stand for: what the command line says
/// wins over the file, and the file over the preset.
struct SettingsArguments {
    /// With the files' settings put in as flags.
    let arguments: [String]
    /// Where the settings stand that came from a file, by their flags.
    let places: [String: String]

    /// Settings that stand in place of others: where these are said, those are not taken from a file that says less.
    private static let replaced: [String: Set<String>] = [
        "layer-k": ["channel", "channels"], "layer-j": ["channel", "channels"],
        "channel": ["layer-k", "layer-j", "channels"], "channels": ["layer-k", "layer-j", "channel"],
        "no-projection": ["projection", "c4"], "projection": ["no-projection", "c4"],
        "c4": ["no-projection", "projection"],
    ]

    init(_ given: [String]) throws {
        let command = try CommandOptions(CoordinatorCommand.self, given)
        var arguments = given
        var files: [ConfigurationFile] = []
        if command.option("config") != nil {
            if let path = try Self.take("--config", expecting: "a file", from: &arguments) {
                files.append(try ConfigurationFile(path: path, of: command))
            }
            if let name = try Self.take("--preset", expecting: "a name", from: &arguments) {
                files.append(try ConfigurationFile(path: try Presets.file(name), of: command))
            }
        }
        var said = Set(arguments.filter { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "=" }) })
        var places: [String: String] = [:]
        for file in files {
            let settings = file.settings.filter { setting in
                !said.contains(setting.name) && said.isDisjoint(with: Self.replaced[setting.name] ?? [])
            }
            // Behind the command's name.
            let place = arguments.firstIndex { !$0.hasPrefix("-") }.map { $0 + 1 } ?? arguments.startIndex
            arguments.insert(contentsOf: settings.flatMap(\.arguments), at: place)
            said.formUnion(settings.map(\.name))
            for setting in settings { places["--\(setting.name)"] = "\(file.path), line \(setting.line)" }
        }
        (self.arguments, self.places) = (arguments, places)
    }

    /// Takes a flag with its value out; nil where it is not there.
    private static func take(
        _ flag: String, expecting value: String, from arguments: inout [String]
    ) throws(UsageError) -> String? {
        guard let place = arguments.firstIndex(where: { $0 == flag || $0.hasPrefix(flag + "=") }) else { return nil }
        let argument = arguments.remove(at: place)
        guard !arguments.contains(where: { $0 == flag || $0.hasPrefix(flag + "=") }) else {
            throw UsageError("\(flag): given twice; put all settings into one file")
        }
        if argument != flag { return String(argument.dropFirst(flag.count + 1)) }
        guard place < arguments.count, !arguments[place].hasPrefix("--") else {
            throw UsageError("\(flag): expected \(value)")
        }
        return arguments.remove(at: place)
    }
}
