import ArgumentParser
import Console
import CoordinatorControl
import CoordinatorHost
import Evaluation
import Foundation
import Locking
import PlainText
import Run
import Tasks
import Transport

/// A run in front of a user: from the checks to the final table, with progress in between.
struct RunSession {
    let configuration: RunConfiguration
    /// Those that there are.
    var tasks = TaskDefinition.all
    let output: String
    let server: ServerArguments
    /// The folder of a run whose activations are taken over.
    var activations: String?
    /// Whether the run is only described.
    var isDry = false
    /// What a reader of the results must know besides.
    var remarks: [String] = []

    func run() async throws {
        try OpenFiles.raiseLimit(needed: 128)
        var options = try UsageError.checking { try server.options() }
        options.command = CommandLine.arguments
        var folder = RunFolder(URL(fileURLWithPath: output))
        let reading = ReadingProgress(path: folder.path(of: RunFiles.journal))
        folder.onReading = { reading.note($0, of: $1) }
        try UsageError.checking { try folder.check() }
        let sources = try UsageError.checking { try RunSources(configuration, software: productVersion) }
        if let finished = try UsageError.checking({ try FinishedRun(sources, in: folder, harness: server.harness) }) {
            return finished.show(in: output)
        }
        let inputs = try UsageError.checking {
            try RunInputs(sources, tasks: tasks) { Terminal.error.writeLine("\($0)…") }
        }
        options.activations = try UsageError.checking { try foreignActivations(for: inputs) }
        for remark in inputs.remarks { Terminal.error.writeLine("note: \(remark)") }
        if isDry { return try await DryRun(inputs: inputs, options: options).show() }
        let host = try UsageError.checking { try RunServer(inputs: inputs, folder: folder, options: options) }
        try await UsageError.awaiting { try await host.open() }
        guard await host.hasWork else { return try await end(host, await host.run()) }
        let page = try await openPage()
        let devices = await host.findDevices()
        for remark in devices.remarks { Terminal.error.writeLine("note: \(PrintableText.oneLine(remark))") }
        let workers = try await UsageError.awaiting { try await host.startWorkers(on: devices) }
        await announce(host, workers: workers, on: devices, endpoints: await host.endpoints)
        if let page { Terminal.error.writeLine("page: \(page.address)") }
        let shown = Task { await page?.follow(host) }
        let outcome = await work(host, isWaiting: options.listen != nil || workers == 0)
        shown.cancel()
        await shown.value
        try await end(host, outcome, page)
    }

    private func openPage() async throws -> LivePage? {
        guard let place = server.page else { return nil }
        let title = "Run in \(URL(fileURLWithPath: output).standardizedFileURL.lastPathComponent)"
        return try await UsageError.awaiting {
            try await LivePage.open(place, tokenFile: server.pageToken, title: title)
        }
    }

    private func foreignActivations(for inputs: RunInputs) throws -> ForeignActivations? {
        guard let activations else { return nil }
        guard inputs.schedule != nil else { throw HostError.activationsWithoutTraining }
        return try ForeignActivations(URL(fileURLWithPath: activations))
    }

    /// Lets the run go on until its end, with progress on the terminal; a signal stops it.
    private func work(_ host: RunServer, isWaiting: Bool) async -> RunControl.Outcome {
        let signals = TerminationSignals { [count = SignalCount()] _ in
            if count.increment() > 1 { exit(Program.interrupted) }
            Task { await host.interrupt() }
        }
        defer { withExtendedLifetime(signals) {} }
        let progress = Task { await ProgressDisplay().follow(host, listening: isWaiting) }
        let outcome = await host.run()
        progress.cancel()
        await progress.value
        for flaw in [await host.flawOfRecord, await host.flawOfTiming] {
            if let flaw { Terminal.error.writeLine("note: \(flaw)") }
        }
        return outcome
    }

    private func announce(
        _ host: RunServer, workers: Int, on devices: LocalDevices,
        endpoints: (workers: Endpoint, status: Endpoint)?
    ) async {
        let recovery = await host.recovery
        if recovery.units > 0 || recovery.steps > 0 {
            Terminal.error.writeLine(
                "going on with the run in \(output): \(recovery.units) units and \(recovery.steps) training steps are there"
            )
        }
        if recovery.taken > 0 {
            Terminal.error.writeLine("\(recovery.taken) units of texts were read by the run in \(activations ?? "")")
        }
        if recovery.cutBytes > 0 {
            Terminal.error.writeLine(
                "note: \(recovery.cutBytes) bytes of a record that was cut off were removed; its unit is done again")
        }
        guard let endpoints else { return }
        if workers > 0 {
            let place = devices.gpus.isEmpty ? "" : " on \(devices.gpus.prefix(workers).joined(separator: ", "))"
            Terminal.error.writeLine("\(workers) local worker\(workers == 1 ? "" : "s")\(place); files go to \(output)")
        }
        if workers == 0 || server.listen != nil {
            Terminal.error.writeLine(
                (workers > 0 ? "more workers may come: " : "waiting for workers: ")
                    + "worker\(keys(for: endpoints.workers)) --connect \(address(of: endpoints.workers))")
        }
        Terminal.error.writeLine(
            "progress: coordinator status\(keys(for: endpoints.status)) --connect \(address(of: endpoints.status))")
    }

    /// An address that others connect to, where the coordinator listens at all of its own.
    private func address(of endpoint: Endpoint) -> Endpoint {
        endpoint.onHost(named: ProcessInfo.processInfo.hostName)
    }

    /// The options that name keys, where they are needed.
    private func keys(for endpoint: Endpoint) -> String {
        endpoint.isLocalOnly ? "" : " --key FILE --coordinator-key FILE"
    }

    /// So long may connections and local workers take to end.
    private static let patienceSeconds = 60.0

    private func close(_ host: RunServer, _ page: LivePage?, code: Int32) async {
        let folder = RunFolder(URL(fileURLWithPath: output))
        // What counts is on disk: nothing that hangs now keeps the program.
        await limited(to: Self.patienceSeconds) {
            Terminal.error.writeLine("note: connections or local workers do not end; ending with what is on disk")
            exit(code)
        } _: {
            await page?.end(host, in: folder)
            await host.close()
        }
    }

    /// Runs the user's command for the end.
    private func tell(_ outcome: RunControl.Outcome) {
        if let command = server.onEnd { EndCommand(command: command).run(after: outcome, output: output) }
    }

    private func end(_ host: RunServer, _ outcome: RunControl.Outcome, _ page: LivePage? = nil) async throws {
        switch outcome {
        case .done:
            let alarms = await host.status().alarms.map(\.what)
            do {
                let finished = try await host.writeReports(software: productVersion, remarks: remarks + alarms)
                await close(host, page, code: 0)
                finished.show(in: output)
            } catch {
                await close(host, page, code: Program.failure)
                tell(.failed(ErrorLine.text(of: error)))
                throw error
            }
            tell(outcome)
            if !alarms.isEmpty { throw RunAlarms(count: alarms.count, output: output) }
        case .failed(let cause):
            await close(host, page, code: Program.failure)
            tell(outcome)
            throw RunFailure(cause: cause, output: output)
        case .interrupted:
            await close(host, page, code: Program.interrupted)
            Terminal.error.writeLine(
                "stopped; what is finished is in \(output), and the same command goes on from there:\n  "
                    + CommandLine.arguments.map(ShellText.quoted).joined(separator: " "))
            tell(outcome)
            throw ExitCode(Program.interrupted)
        }
    }
}

/// The run as a whole failed; what was finished is on disk.
private struct RunFailure: Error, CustomStringConvertible {
    let cause: String
    let output: String

    var description: String {
        "\(cause) (what is finished is in \(output); the same command goes on from there)"
    }
}

/// The run is done, and not all of its results can be relied on.
private struct RunAlarms: Error, CustomStringConvertible {
    let count: Int
    let output: String

    var description: String {
        "the run is done, with \(count) unit\(count == 1 ? "" : "s") that two workers answered differently: see the remarks "
            + "in \(output)/report.md, and find out which worker is wrong before you use the results"
    }
}

/// Counts signals, from whichever thread they come.
private final class SignalCount: @unchecked Sendable {
    private let lock = Lock()
    private var count = 0

    func increment() -> Int {
        lock.withLock {
            count += 1
            return count
        }
    }
}
