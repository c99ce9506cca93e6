import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Messaging
import Run
import Transport
import Wire

enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text
    case json
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Ask a running coordinator for its progress.")

    @Option(help: ArgumentHelp("The coordinator's status endpoint.", valueName: "endpoint"))
    var connect = ServerOptions.defaultStatus

    @Flag(help: "Ask again every second until the run ends.")
    var watch = false

    @Option(help: "text or json (one object a line).")
    var format = OutputFormat.text

    func run() async throws {
        let endpoint = try UsageError.checking { try Endpoint(connect) }
        while true {
            let status = try ask(endpoint)
            show(status)
            guard watch, status.phase == .running || status.phase == .stopping else { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func ask(_ endpoint: Endpoint) throws -> RunStatus {
        let frames = try Query.ask(endpoint, WireFormat.encode(StatusQuery()).frames, timeout: .seconds(5))
        switch try WireFormat.decodeStatusReply(frames) {
        case .status(let status): return status
        case .refusal(let reason): throw StatusRefused(endpoint: endpoint.text, reason: reason)
        }
    }

    private func show(_ status: RunStatus) {
        switch format {
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            if let data = try? encoder.encode(status) {
                Terminal.output.writeLine(String(decoding: data, as: UTF8.self))
            }
        case .text:
            let clear = watch && Terminal.output.isInteractive ? "\u{1b}[H\u{1b}[2J" : ""
            Terminal.output.writeLine(clear + StatusText.text(of: status))
        }
    }
}

private struct StatusRefused: Error, CustomStringConvertible {
    let endpoint: String
    let reason: String

    var description: String { "\(endpoint): \(reason)" }
}
