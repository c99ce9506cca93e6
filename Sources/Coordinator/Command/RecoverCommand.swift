import ArgumentParser
import Console
import Foundation
import PlainText
import Storage

struct RecoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Make the folder of a run usable again whose journal was damaged.",
        discussion: """
            Every record that is whole is kept, what is gone is listed, and the damaged file stays as \
            \(JournalRecovery.damagedName). The run's own command then does the lost units again, to the same bytes.
            """)

    @Argument(help: ArgumentHelp("Folder of the run's files.", valueName: "dir"))
    var output: String

    func run() throws {
        let found = try JournalRecovery(folder: URL(fileURLWithPath: output, isDirectory: true))
        let records = "\(Quantities.count(found.records)) record\(found.records == 1 ? "" : "s")"
        guard !found.losses.isEmpty else {
            Terminal.output.writeLine("\(output): nothing is damaged; \(records) are whole")
            return
        }
        for loss in found.losses {
            Terminal.output.writeLine("lost at byte \(loss.offset): \(loss.bytes) bytes (\(loss.reason))")
        }
        Terminal.output.writeLine(
            "\(records) are kept; the damaged file is \(output)/\(JournalRecovery.damagedName). The command that made the "
                + "run goes on from there and does what was lost again")
    }
}
