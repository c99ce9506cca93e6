import ArgumentParser
import Console
import CoordinatorHost
import Foundation

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "What differs between two finished runs: settings, scores and items.",
        discussion: """
            Scores are compared over the items that both runs have, item by item, with intervals and p-values as in a \
            run's own report.

            Example: coordinator compare runs/replace runs/sum
            """)

    @Argument(help: ArgumentHelp("Folder of the first run.", valueName: "dir"))
    var first: String

    @Argument(help: ArgumentHelp("Folder of the second run.", valueName: "dir"))
    var second: String

    func run() throws {
        let comparison = try UsageError.checking {
            try RunComparison(URL(fileURLWithPath: first), URL(fileURLWithPath: second))
        }
        Terminal.output.write(comparison.text)
    }
}
