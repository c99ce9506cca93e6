import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import PlainText
import Reports
import Run

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Make a finished run's tables, report and results again from its files.",
        discussion: """
            Neither models nor data are needed, only the run's folder. What the run wrote is written again, to the same \
            bytes where the program is the same.

            Example: coordinator report runs/demo
            """)

    @Argument(help: ArgumentHelp("Folder of a finished run.", valueName: "dir"), completion: .directory)
    var output: String

    @Flag(
        name: .customLong("lm-eval"),
        help: """
            Make the files in lm-evaluation-harness's keys as well (\(RunReport.harnessFolder)/); they are made anyway where \
            the run has them.
            """)
    var harness = false

    func run() throws {
        let folder = RunFolder(URL(fileURLWithPath: output, isDirectory: true))
        let finished = try UsageError.checking {
            try FinishedRun(again: folder, software: productVersion, harness: harness)
        }
        finished.show(in: output)
    }
}

extension FinishedRun {
    /// What the terminal shows of it.
    /// - Parameter output: the run's folder, as the user names it.
    func show(in output: String) {
        // Lines of a terminal end between words; whoever reads a file or a pipe looks for whole ones.
        let (width, wraps) = (Terminal.output.width, Terminal.output.isTerminal)
        Terminal.output.writeLine(summary(width: width, wrapping: wraps, inASCII: Terminal.isASCII))
        let files = "Files in \(output): \(files.joined(separator: ", "))"
        for line in wraps ? PrintableText.wrapped(files, to: width) : [files] { Terminal.output.writeLine(line) }
    }
}
