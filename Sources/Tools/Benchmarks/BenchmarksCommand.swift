import ArgumentParser
import Console

@main
struct BenchmarksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks", abstract: "Measure the product on this machine.",
        subcommands: [EngineCommand.self])

    static func main() async {
        await Program.run(Self.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
