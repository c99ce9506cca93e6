import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Messaging
import Run
import Transport
import Wire

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Ask a running coordinator for its progress.")

    @Option(
        help: ArgumentHelp(
            "The coordinator's status endpoint (default: \(ServerOptions.defaultStatus)).", valueName: "endpoint"))
    var connect: String?

    @Option(help: ArgumentHelp("The folder of the run, in place of the endpoint.", valueName: "dir"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "A secret key that the coordinator lets in, or its own (default: $\(ClientKeys.secretVariable)).",
            valueName: "file"), completion: .file())
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The coordinator's public key (default: $\(ClientKeys.coordinatorVariable)).", valueName: "file"),
        completion: .file())
    var coordinatorKey: String?

    @Flag(help: "Ask again every second until the run ends, and end with its exit code.")
    var watch = false

    @Option(help: "text or json (one object a line).")
    var format = OutputFormat.text

    func validate() throws {
        if connect != nil, output != nil { throw ValidationError("--output stands in place of --connect") }
    }

    /// As given, or as the coordinator of the folder has noted it.
    private func address() throws -> Endpoint {
        guard let output else { return try Endpoint(connect ?? ServerOptions.defaultStatus) }
        let folder = RunFolder(URL(fileURLWithPath: output))
        guard let data = try folder.read(RunFiles.statusAddress, limit: 4096) else {
            throw UsageError("--output \(output): no coordinator is at work there")
        }
        return try Endpoint(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    func run() async throws {
        let endpoint = try UsageError.checking { try address() }
        var options = SocketOptions()
        // On this machine alone progress is told in the clear: keys that workers find in the environment are not for it.
        let environment =
            endpoint.isLocalOnly && key == nil && coordinatorKey == nil ? [:] : ProcessInfo.processInfo.environment
        options.security = try UsageError.checking {
            try ClientKeys.security(
                for: endpoint, keyFile: key, coordinatorKeyFile: coordinatorKey, environment: environment)
        }
        let watcher = watch ? UInt64.random(in: 1 ... .max) : 0
        if watch, format == .text, let screen = FullScreen() {
            return try watch(on: screen, endpoint, options, watcher)
        }
        while true {
            let status = try ask(endpoint, options, watcher)
            show(status)
            guard watch else { return }
            if let code = Self.exitCode(of: status.phase) {
                if code != 0 { throw ExitCode(code) }
                return
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// A view that is left open until the run ends, or its reader has seen enough.
    private func watch(
        on screen: FullScreen, _ endpoint: Endpoint, _ options: SocketOptions, _ watcher: UInt64
    ) throws {
        let signals = TerminationSignals { code in
            screen.close()
            Foundation.exit(128 + code)
        }
        defer { withExtendedLifetime(signals) {} }
        var view = StatusScreen()
        var asked = ContinuousClock.now - .seconds(1)
        while !view.hasQuit {
            if ContinuousClock.now - asked >= .seconds(1) {
                asked = .now
                let status: RunStatus
                do {
                    status = try ask(endpoint, options, watcher)
                } catch {
                    screen.close()
                    throw error
                }
                view.note(status)
                if let code = Self.exitCode(of: status.phase) {
                    screen.close()
                    show(status)
                    if code != 0 { throw ExitCode(code) }
                    return
                }
            }
            let size = screen.size
            screen.show(view.lines(width: size.width - 1, height: size.height))
            if let key = screen.key(within: 200) { view.press(key) }
        }
        screen.close()
    }

    /// How a run ended, as its own coordinator's exit code says it; nil where it goes on.
    private static func exitCode(of phase: RunStatus.Phase) -> Int32? {
        switch phase {
        case .running, .stopping: nil
        case .done: 0
        case .failed: Program.failure
        case .interrupted: Program.interrupted
        }
    }

    private func ask(_ endpoint: Endpoint, _ options: SocketOptions, _ watcher: UInt64) throws -> RunStatus {
        let frames = try Query.ask(
            endpoint, WireFormat.encode(StatusQuery(watcher: watcher)).frames, timeout: .seconds(5), options: options)
        switch try WireFormat.decodeStatusReply(frames) {
        case .status(let status): return status
        case .refusal(let reason): throw StatusRefused(endpoint: endpoint.text, reason: reason)
        }
    }

    private func show(_ status: RunStatus) {
        switch format {
        case .json:
            Terminal.output.writeData(StatusDocument(.status(status)).json + "\n")
        case .text:
            Terminal.output.writeLine(StatusText.text(of: status, width: Terminal.output.width))
        }
    }
}

private struct StatusRefused: Error, CustomStringConvertible {
    let endpoint: String
    let reason: String

    var description: String { "\(endpoint): \(reason)" }
}
