import ArgumentParser
import Backends
import Console
import Devices
import PlainText

struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "List what this machine can compute on.",
        discussion: """
            Each GPU is opened: its kernels are compiled and compared with their definition, which gives its kind. A \
            device without a kind cannot be used; what is missing stands in its place.
            """)

    @OptionGroup var gpu: GPUArguments

    @Option(help: "text or json.")
    var format = OutputFormat.text

    private struct Line: Encodable {
        var device: String
        var model: String?
        var kind: String?
        var memory: Int?
        var details: String?
        var problem: String?
    }

    func run() async throws {
        let listings = Backends.list(
            DeviceRequest(cudaLibraries: gpu.cudaLibraries, allowsUnproven: gpu.allowUnprovenDevice))
        guard format == .text else {
            for listing in listings {
                try JSONOutput.write(
                    Line(
                        device: listing.name, model: listing.model, kind: listing.kind?.rawValue,
                        memory: listing.memory, details: listing.details, problem: listing.problem))
            }
            return
        }
        var table = Table([.init("device"), .init("kind"), .init("memory", .trailing), .init("what it is")])
        for listing in listings {
            let parts = [listing.model, listing.details, listing.problem].compactMap { $0 }
            table.add([
                listing.name, listing.kind?.rawValue ?? "unusable",
                listing.memory.map { Quantities.bytes(UInt64($0)) } ?? "–",
                PrintableText.oneLine(parts.joined(separator: "; ")),
            ])
        }
        Terminal.output.writeLine(table.text)
    }
}
