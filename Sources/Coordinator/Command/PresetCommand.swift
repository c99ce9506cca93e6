import ArgumentParser
import Console
import Foundation
import PlainText
import Presets

struct PresetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preset", abstract: "Print the settings of a preset, as a file for --config.",
        discussion: """
            Presets: \(Presets.names.joined(separator: ", ")). 'coordinator run --preset NAME' takes the settings as they \
            are; flags, and what --config says, win over them.

            Example: coordinator preset paper > paper.yaml
            """)

    @Argument(help: ArgumentHelp("Name of a preset.", valueName: "name"), completion: .list(Presets.names))
    var name: String

    func run() throws {
        let file = try Presets.file(name)
        do {
            Terminal.output.write(try String(contentsOfFile: file, encoding: .utf8))
        } catch {
            throw UsageError("\(file): \(SystemFailure.reason(of: error))")
        }
    }
}

extension Presets {
    /// The file of a preset.
    /// - Throws: ``UsageError`` where there is none of that name.
    static func file(_ name: String) throws(UsageError) -> String {
        guard names.contains(name) else {
            throw UsageError(
                "no preset '\(PrintableText.quoted(name))': expected one of \(names.joined(separator: ", "))"
                    + NearestName.question(name, among: names))
        }
        return path(of: name)
    }
}
