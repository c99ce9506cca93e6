import ArgumentParser
import Console
import Foundation
import ModelReading
import PlainText
import Run
import WorkerEngine

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what is understood of a model, or what is not.",
        discussion: """
            Reads config.json, tokenizer.json and the headers of the weights, not the weights themselves. A field that \
            changes the arithmetic and is not understood is an error that names it; so is a tensor that is missing or \
            has another shape than the configuration says.
            """)

    @Option(help: ArgumentHelp(modelHelp, valueName: "dir"), completion: .directory)
    var model: String

    @OptionGroup var device: DeviceArguments
    @OptionGroup var fields: ConfigurationFieldArguments

    @Option(help: "text or json.")
    var format = OutputFormat.text

    func run() async throws {
        let inspection = try UsageError.checking {
            let settings = ReadingSettings(ignoredConfigFields: fields.names)
            return try ModelInspection(ReadableModel(path: model, settings: settings), device: device.open())
        }
        switch format {
        case .text:
            var table = Table([.init("what"), .init("value")])
            for field in inspection.fields { table.add([field.title, Self.shown(field.value)]) }
            Terminal.output.writeLine(table.text(width: Terminal.output.width))
        case .json: try JSONOutput.write(inspection)
        }
    }

    private static func shown(_ value: ModelInspection.Value) -> String {
        switch value {
        case .text(let text): text
        case .integer(let count): Quantities.count(count)
        case .decimal(let number): number == number.rounded() && abs(number) < 1e9 ? "\(Int(number))" : "\(number)"
        case .flag(let flag): flag ? "yes" : "no"
        case .list(let values): values.isEmpty ? "none" : list(values)
        case .object(let values):
            // The type comes first, then its parameters.
            values.sorted { $0.key == "type" || $1.key != "type" && $0.key < $1.key }
                .map { "\($0.key.replacingOccurrences(of: "_", with: " ")) \(shown($0.value))" }
                .joined(separator: ", ")
        case .counts(let values):
            list(
                values.sorted { $0.key < $1.key }
                    .map { .text(PrintableText.oneLine($0.key) + ($0.value > 1 ? " (\($0.value) times)" : "")) })
        case .bytes(let values):
            values.sorted { $0.key < $1.key }
                .map { "\($0.key) \(Quantities.bytes(UInt64($0.value)))" }.joined(separator: ", ")
        }
    }

    /// The first twelve, and how many there are.
    private static func list(_ values: [ModelInspection.Value]) -> String {
        let first = values.prefix(12).map(shown).joined(separator: ", ")
        return values.count > 12 ? "\(first), … (\(Quantities.count(values.count)))" : first
    }
}
