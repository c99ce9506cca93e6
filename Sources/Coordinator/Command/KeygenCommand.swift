import ArgumentParser
import Console
import Foundation
import Transport

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Make the keys that workers on other machines need.",
        discussion: """
            Writes NAME.secret and NAME.public for each name, readable by this user alone; nothing is overwritten. \
            The secret file stays with the one that it is named for; the public file may be given to anybody. A list \
            of admitted workers is their public files, put one after the other.
            """)

    @Option(help: ArgumentHelp("Folder of the keys.", valueName: "dir"), completion: .directory)
    var output: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Whom to make keys for (default: coordinator worker).", valueName: "name"))
    var name: [ValueList<String>] = []

    private var names: [String] { name.elements() }

    func validate() throws {
        for name in names {
            guard name.range(of: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$", options: .regularExpression) != nil else {
                throw ValidationError("--name \(name): expected letters, digits, '_', '-' and '.', at most 100")
            }
        }
        guard Set(names).count == names.count else { throw ValidationError("--name: a name is given twice") }
    }

    func run() throws {
        let names = self.names.isEmpty ? ["coordinator", "worker"] : self.names
        let paths = try UsageError.checking {
            try CurveKeyFile.generate(names: names, in: URL(fileURLWithPath: output))
        }
        for path in paths { Terminal.output.writeLine("\(path.secret) (keep it secret), \(path.public)") }
        guard name.isEmpty else { return }
        Terminal.output.writeLine(
            """
            Here:      coordinator run … --listen 'tcp://*:5755' --key \(paths[0].secret) --worker-keys \(paths[1].public)
            Elsewhere: worker --connect tcp://HOST:5755 --key \(paths[1].secret) --coordinator-key \(paths[0].public)
            """)
    }
}
