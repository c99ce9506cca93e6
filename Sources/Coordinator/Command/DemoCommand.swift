import ArgumentParser
import Console
import DemoAssets
import Run

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole job on the models and data that come with the product.",
        discussion: """
            Two tiny Llamas, trained for this purpose: A can answer, B knows the form of an answer but not how to \
            find one. W is trained on plain texts; then A tells B by activation, on questions in SQuAD's layout and \
            word problems in GSM8K's. A few minutes on two cores.
            """)

    @Option(help: ArgumentHelp("Folder of the run's files.", valueName: "dir"), completion: .directory)
    var output = "runs/demo"

    @OptionGroup(title: "Workers and addresses") var server: ServerArguments

    func run() async throws {
        guard DemoAssets.arePresent else {
            throw UsageError(
                "\(DemoAssets.folder): the demo's models and data are not beside the program; copy the folder along")
        }
        try await RunSession(
            configuration: Self.configurationOfRun, output: output, server: server, remarks: Self.remarks
        ).run()
    }

    private static let remarks = [
        "This pair was made to show the effect: A grew out of B's weights and learned what B did not, answers are one "
            + "token long, and the activation goes in after B's last block. The figures say nothing about larger "
            + "models.",
        "The questions and word problems are the project's own, of a small world, in the layouts of SQuAD and GSM8K. "
            + "No model has seen them in training.",
    ]

    /// The demo's settings: the paper's training, the last layers of both models, texts cut at a random word.
    static var configurationOfRun: RunConfiguration {
        var configuration = RunConfiguration(
            modelA: DemoAssets.modelA, modelB: DemoAssets.modelB, channels: [Channel(k: 4, j: 4)],
            experiments: [.projection, .similarity, .evaluate(task: "squad"), .evaluate(task: "gsm8k")])
        configuration.training.files = [DemoAssets.corpus]
        configuration.training.cut = .word
        configuration.evaluation.files = [
            "squad": [DemoAssets.questions], "gsm8k": [DemoAssets.wordProblems],
        ]
        configuration.evaluation.limit = 256
        return configuration
    }
}
