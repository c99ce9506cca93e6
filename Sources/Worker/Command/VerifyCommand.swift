import ArgumentParser
import Console
import Foundation
import ModelReading
import PlainText
import Run
import WorkerEngine

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Compare a model with figures computed by Hugging Face transformers.",
        discussion: """
            Token ids, decoded texts and greedy continuations must be equal, logits within 1e-3, residual streams \
            within 1e-4 of the stream's largest element. Exit code 1 where anything is off.
            """)

    @OptionGroup var model: ModelArguments

    @Option(
        help: ArgumentHelp("JSON file of the figures.", valueName: "file"), completion: .file(extensions: ["json"]))
    var reference: String

    @Option(help: "text or json.")
    var format = OutputFormat.text

    private struct Line: Encodable {
        var check: String
        var compared: Int
        var failed: Int
        var largestDifference: Double?
        var tolerance: Double?
        var firstFailure: String?

        enum CodingKeys: String, CodingKey {
            case check, compared, failed
            case largestDifference = "largest_difference"
            case tolerance
            case firstFailure = "first_failure"
        }
    }

    func run() async throws {
        let figures = try UsageError.checking { try ModelReferenceFile(file: URL(fileURLWithPath: reference)) }
        let loaded = try model.load(standard: .float32)
        let verification = try Verification(figures.reference, of: loaded)
        switch format {
        case .text: show(verification, figures)
        case .json:
            for check in verification.checks {
                try JSONOutput.write(
                    Line(
                        check: check.figure.title, compared: check.compared, failed: check.failed,
                        largestDifference: check.largest, tolerance: check.figure.tolerance,
                        firstFailure: check.firstFailure))
            }
        }
        if !verification.passed { throw ExitCode(Program.failure) }
    }

    private func show(_ verification: Verification, _ figures: ModelReferenceFile) {
        var table = Table([
            .init("check"), .init("compared", .trailing), .init("off", .trailing), .init("largest", .trailing),
            .init("allowed", .trailing), .init(""),
        ])
        for check in verification.checks {
            table.add([
                check.figure.title, Quantities.count(check.compared), Quantities.count(check.failed),
                check.largest.map(Quantities.significant) ?? "–",
                check.figure.tolerance.map(Quantities.significant) ?? "–",
                check.failed == 0 ? "ok" : "FAILED",
            ])
        }
        Terminal.output.writeLine(table.text(width: Terminal.output.width))
        for check in verification.checks {
            if let failure = check.firstFailure {
                Terminal.output.writeLine("\(check.figure.title): \(PrintableText.oneLine(failure))")
            }
        }
        Terminal.output.writeLine(
            (verification.passed ? "passed" : "FAILED") + (figures.making.map { " against figures by \($0)" } ?? ""))
    }
}
