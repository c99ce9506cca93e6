import ArgumentParser
import Console

@main
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Computes units of a run for a coordinator; or runs one model alone.",
        discussion: """
            'worker --connect ENDPOINT' takes part in the run of the coordinator that listens there. The other \
            subcommands look at a single model: they need no coordinator.
            """,
        version: BuildIdentity.text,
        subcommands: [
            ConnectCommand.self, GenerateCommand.self, ActivationsCommand.self, TokenizeCommand.self,
            BenchCommand.self, VerifyCommand.self, InspectCommand.self, DevicesCommand.self,
        ],
        defaultSubcommand: ConnectCommand.self)

    static func main() async {
        await Program.run(WorkerCommand.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
