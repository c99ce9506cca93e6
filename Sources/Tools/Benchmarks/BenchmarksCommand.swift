import ArgumentParser
import Console

/// Measurements of the parts that need no model of a user's.
@main
struct BenchmarksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Measures the engine, the distributed training, scaling and the coordinator under load.",
        discussion: "Build in release: swift run -c release benchmarks engine",
        subcommands: [
            EngineCommand.self, LoadingBenchmark.self, TrainingBenchmark.self, LoadBenchmark.self,
            StragglerBenchmark.self, ScalingBenchmark.self, JournalBenchmark.self, LoadMeasurement.self,
            AttackCommand.self, WatchersCommand.self, SyntheticWorkerCommand.self, LoadWorkerCommand.self,
            PacedWorkerCommand.self,
        ])

    static func main() async {
        await Program.run(BenchmarksCommand.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }
}
