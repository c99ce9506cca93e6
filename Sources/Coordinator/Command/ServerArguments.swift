import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Transport

extension GradientForm: ExpressibleByArgument {}

/// Who works, and where the coordinator listens: what changes no result.
struct ServerArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Local workers to start; 0 waits for workers from elsewhere.", valueName: "n|auto"))
    var workers = "auto"

    @Option(help: ArgumentHelp("Threads of each local worker (default: the cores shared among them).", valueName: "n"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            """
            Where workers connect, such as tcp://127.0.0.1:5755 (the default with --workers 0; else a private socket).
            """, valueName: "endpoint"))
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "Where 'coordinator status' asks (default: \(ServerOptions.defaultStatus)).", valueName: "endpoint"))
    var status: String?

    @Flag(help: "Let workers of different device kinds take part; results may then depend on who computed them.")
    var allowMixedDevices = false

    @Option(
        help: """
            How gradients travel: as matrices (dense), as their factors, or as what is smaller. The result is the \
            same, bit for bit.
            """)
    var gradients = GradientForm.auto

    func validate() throws {
        guard workers == "auto" || (Int(workers).map { (0...256).contains($0) } ?? false) else {
            throw ValidationError("--workers \(workers): expected 'auto' or a number from 0 to 256")
        }
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads \(threads): expected 1 to 256")
        }
    }

    /// - Throws: for an endpoint that cannot be used.
    func options() throws -> ServerOptions {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("worker")
        var options = ServerOptions(program: program)
        options.workers = Int(workers).map { .count($0) } ?? .automatic
        options.threads = threads
        let endpoint = listen ?? (options.workers == .count(0) ? "tcp://127.0.0.1:5755" : nil)
        options.listen = try endpoint.map { try Self.local($0, flag: "--listen") }
        if let status {
            options.status = try Self.local(status, flag: "--status").text
            options.statusMayMove = false
        }
        options.gradients = gradients
        options.limits.allowsMixedDevices = allowMixedDevices
        return options
    }

    /// Messages are neither encrypted nor authenticated, so they stay on this machine.
    private static func local(_ text: String, flag: String) throws -> Endpoint {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(text)
        } catch {
            throw UsageError("\(flag) \(text): \(error)")
        }
        guard endpoint.isLocalOnly else {
            throw UsageError(
                "\(flag) \(text): anyone could connect there; expected a loopback address or ipc (to reach other "
                    + "machines, forward the port with ssh)")
        }
        return endpoint
    }
}
