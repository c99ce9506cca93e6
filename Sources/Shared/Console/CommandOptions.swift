package import ArgumentParser
import Foundation
import PlainText

/// An option or flag of a command, as the parser declares it.
package struct CommandOption: Sendable {
    /// Without the dashes; several where the option has several.
    package let names: [String]
    /// A flag has no value.
    package let isFlag: Bool
    /// Whether several values may be given.
    package let isList: Bool
    package let isRequired: Bool
    /// The heading under which the help shows it; nil for that of all others.
    package let section: String?
    package let help: String
    /// What a value is called in the help.
    package let valueName: String
    package let defaultValue: String?
    package let isShown: Bool
}

/// What the arguments of a program are about: the command that they name, and the options that it has.
package struct CommandOptions: Sendable {
    /// The program and its command, such as `coordinator run`.
    package let command: String
    package let options: [CommandOption]
    /// Those after the command's name.
    private let arguments: [String]

    /// - Parameter arguments: the program's own name left out.
    package init<Root: ParsableCommand>(_ root: Root.Type, _ arguments: [String]) throws {
        let described = try JSONDecoder().decode(Described.self, from: Data(root._dumpHelp().utf8)).command
        let first = arguments.first { !$0.hasPrefix("-") }
        let named = described.subcommands?.first { $0.commandName == first }
        let command = named ?? described.subcommands?.first { $0.commandName == described.defaultSubcommand }
        self.command = ([described.commandName] + (named.map { [$0.commandName] } ?? [])).joined(separator: " ")
        self.arguments = named == nil ? arguments : Array(arguments.drop { $0 != first }.dropFirst())
        options = ((named == nil ? described.arguments ?? [] : []) + (command?.arguments ?? [])).compactMap(
            CommandOption.init)
    }

    /// The option of that name, without the dashes.
    package func option(_ name: String) -> CommandOption? { options.first { $0.names.contains(name) } }

    /// Refuses an option that there is not. The parser would first complain of whatever is missing.
    package func checkNames() throws(UsageError) {
        // What the parser itself knows, besides what it lists.
        let own: Set = ["help", "help-hidden", "version", "generate-completion-script", "experimental-dump-help"]
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            let name = String(argument.dropFirst(2).prefix { $0 != "=" })
            guard !name.hasPrefix("-"), !own.contains(name), option(name) == nil else { continue }
            let nearest = NearestName.of(name, among: options.filter(\.isShown).flatMap(\.names))
            throw UsageError(
                "unknown option '--\(name)'"
                    + (nearest.map { "; did you mean '--\($0)'?" } ?? "; see '\(command) --help'"))
        }
    }
}

// MARK: The parser's description of itself

private struct Described: Decodable {
    struct Command: Decodable {
        let commandName: String
        let defaultSubcommand: String?
        let subcommands: [Command]?
        let arguments: [Argument]?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String
        }

        let kind: String
        let names: [Name]?
        let isOptional: Bool
        let isRepeating: Bool
        let shouldDisplay: Bool
        let sectionTitle: String?
        let abstract: String?
        let valueName: String?
        let defaultValue: String?
    }

    let command: Command
}

extension CommandOption {
    fileprivate init?(_ argument: Described.Argument) {
        let names = (argument.names ?? []).filter { $0.kind == "long" }.map(\.name)
        guard !names.isEmpty else { return nil }
        self.init(
            names: names, isFlag: argument.kind == "flag", isList: argument.isRepeating,
            isRequired: !argument.isOptional, section: argument.sectionTitle, help: argument.abstract ?? "",
            valueName: argument.valueName ?? "", defaultValue: argument.defaultValue, isShown: argument.shouldDisplay)
    }
}
