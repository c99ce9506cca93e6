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
        version: BuildIdentity.text,
        subcommands: [
            DemoCommand.self, RunCommand.self, StatusCommand.self, ReportCommand.self, CompareCommand.self,
            PresetCommand.self, RecoverCommand.self, KeygenCommand.self,
        ])

    static func main() async {
        let settings: SettingsArguments
        do {
            settings = try SettingsArguments(Array(CommandLine.arguments.dropFirst()))
            if settings.arguments.first == RunCommand.configuration.commandName,
                settings.arguments.contains("--print-config")
            {
                Terminal.output.writeData(try SampleSettings(settings.arguments).text)
                Foundation.exit(0)
            }
        } catch {
            Terminal.error.report(error)
            Foundation.exit(Program.unusableArguments)
        }
        await Program.run(
            CoordinatorCommand.self, arguments: TaskFile.marked(settings.arguments), places: settings.places)
    }
}
