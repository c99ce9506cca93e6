import ArgumentParser
import Console
import Foundation
import PlainText
import Run
import Transport
import WorkerEngine
import WorkerHost

struct ConnectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect", abstract: "Take part in a coordinator's run (what 'worker --connect' does).")

    @Option(help: ArgumentHelp("Where the coordinator listens, such as tcp://127.0.0.1:5755.", valueName: "endpoint"))
    var connect: String

    @OptionGroup var device: DeviceArguments

    @Option(
        help: ArgumentHelp(
            "This worker's secret key, where the coordinator uses keys (default: $\(ClientKeys.secretVariable)).",
            valueName: "file"))
    var key: String?

    @Option(
        help: ArgumentHelp(
            "The coordinator's public key (default: $\(ClientKeys.coordinatorVariable)).", valueName: "file"))
    var coordinatorKey: String?

    @Option(help: ArgumentHelp("Folder of model A here, where it is not the one that the coordinator names."))
    var modelA: String?

    @Option(help: ArgumentHelp("Folder of model B here, where it is not the one that the coordinator names."))
    var modelB: String?

    @Option(help: ArgumentHelp("Seconds to go on without a coordinator.", valueName: "s"))
    var patience = 300.0

    @Option(help: .hidden)
    var parent: Int32?

    func validate() throws {
        guard patience.isFinite, patience > 0 else { throw ValidationError("--patience: expected seconds above 0") }
    }

    func run() async throws {
        let endpoint = try UsageError.checking { try Endpoint(connect) }
        let security = try UsageError.checking {
            try ClientKeys.security(
                for: endpoint, keyFile: key, coordinatorKeyFile: coordinatorKey,
                environment: ProcessInfo.processInfo.environment)
        }
        let device = try device.open()
        let engine = UnitEngine(device: device, folderA: modelA, folderB: modelB)
        let host = ProcessInfo.processInfo.hostName
        let processID = ProcessInfo.processInfo.processIdentifier
        let name = "\(host):\(processID):\(String(UInt16.random(in: .min ... .max), radix: 16))"
        let resolution = NameResolution(endpoint)
        if case .none(let cause) = resolution {
            Terminal.error.writeLine("note: the host of \(endpoint) is not known (\(cause)); trying again")
        }
        let worker = try WorkerHost(
            endpoint: endpoint, security: security, usesIPv6: resolution == .ipv6Only,
            identity: Registration(
                softwareVersion: productVersion, worker: name, host: host, processID: processID,
                deviceKind: device.kind),
            engine: engine, patienceSeconds: patience, parent: parent,
            report: { line in Terminal.error.writeLine("worker \(processID): \(PrintableText.oneLine(line))") })
        let signals = TerminationSignals { number in
            Task { await worker.interrupt(reason: number == SIGINT ? "interrupted" : "terminated") }
        }
        defer { withExtendedLifetime(signals) {} }
        let outcome = await worker.work()
        await worker.close()
        switch outcome {
        case .done(let reason), .interrupted(let reason): Terminal.error.writeLine("worker \(processID): \(reason)")
        case .failed(let cause):
            // Whatever is cleaned up at a usual exit (threads of libraries, say) might wait for a unit that hangs.
            if await worker.isComputing {
                Terminal.error.report(WorkerFailure(description: cause))
                _exit(Program.failure)
            }
            throw WorkerFailure(description: cause)
        }
    }
}

private struct WorkerFailure: Error, CustomStringConvertible {
    let description: String
}
