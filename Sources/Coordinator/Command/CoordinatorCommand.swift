import ArgumentParser
import Console
import Foundation
import Run

@main
struct CoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Trains the projection between two language models' activations and measures what it is worth.",
        discussion: """
            Model A reads a prompt up to block k; its activation at the last token, mapped by a learned projection \
            W, takes the place of model B's own after block j; B answers. The coordinator shards texts and items to \
            workers, averages the gradients of W and aggregates the scores.

            Start with 'coordinator demo'.
            """,
        version: productVersion,
        subcommands: [DemoCommand.self, RunCommand.self, StatusCommand.self, RecoverCommand.self, KeygenCommand.self])

    static func main() async {
        let arguments: [String]
        do {
            arguments = TaskFile.marked(try ConfigurationFile.expanded(Array(CommandLine.arguments.dropFirst())))
        } catch {
            Terminal.error.report(error)
            Foundation.exit(Program.unusableArguments)
        }
        await Program.run(CoordinatorCommand.self, arguments: arguments)
    }
}
