import ArgumentParser
import Evaluation
import Tasks

/// The file of a task's items, as `--squad FILE` names it, or of its train split, as `--squad-train FILE` does: one
/// option with the names of all tasks, so that a task needs no flag of its own.
struct TaskFile: ExpressibleByArgument {
    /// The task's name, or its train split's.
    var task: String
    var path: String

    /// Reads `NAME=FILE`, what ``marked(_:)`` makes of `--NAME FILE`.
    init?(argument: String) {
        guard let split = argument.firstIndex(of: "=") else { return nil }
        task = String(argument[..<split])
        path = String(argument[argument.index(after: split)...])
        guard Self.flags.contains(task) else { return nil }
    }

    static let defaultCompletionKind = CompletionKind.file()

    /// The flags of all tasks and train splits.
    private static let flags =
        TaskDefinition.all.map(\.name) + TaskDefinition.all.filter { $0.train != nil }.map(\.trainName)
    static let names = NameSpecification(flags.map { .customLong($0) })

    /// What the flags' help says.
    static let help = ArgumentHelp(
        TaskDefinition.all.map(\.fileHelp).joined(separator: "; ")
            + ". With -train behind the name: what --fit-on learns from.", valueName: "file")

    /// The arguments with each task's name put before its file: the parser tells what an option's value is, and not by
    /// which of its names it was given.
    static func marked(_ arguments: [String]) -> [String] {
        let flags = Dictionary(uniqueKeysWithValues: flags.map { ("--\($0)", $0) })
        var marked: [String] = []
        var task: String?
        for argument in arguments {
            if let name = task, !argument.hasPrefix("--") {
                marked.append("\(name)=\(argument)")
                task = nil
            } else if let split = argument.firstIndex(of: "="), let name = flags[String(argument[..<split])] {
                marked.append("\(argument[...split])\(name)=\(argument[argument.index(after: split)...])")
                task = nil
            } else {
                marked.append(argument)
                task = flags[argument]
            }
        }
        return marked
    }
}
