import ArgumentParser
import Console
import CoordinatorControl
import CoordinatorHost
import CoordinatorPage
import Foundation
import PlainText
import Reports
import Run
import Transport

extension TrainingMode: ExpressibleByArgument {}
extension GradientForm: ExpressibleByArgument {}
extension WeightTravel: ExpressibleByArgument {}

/// Who works, and where the coordinator listens: what changes no result.
struct ServerArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Local workers to start: auto is one for each GPU that can be used, without any a few on the processor; a \
            number shares the GPUs among so many; 0 waits for workers from elsewhere.
            """, valueName: "n|auto"))
    var workers = "auto"

    @Option(
        help: ArgumentHelp(
            "Folder of libcuda.so.1 and libnvrtc.so, where local workers do not find them.", valueName: "dir"),
        completion: .directory)
    var cudaLibraries: String?

    @Flag(
        help: """
            Let local workers use a GPU whose sums are of no kind that is known, as a kind of its own: its results can be \
            repeated on such a GPU alone.
            """)
    var allowUnprovenDevice = false

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

    @Option(
        help: ArgumentHelp(
            """
            The coordinator's secret key ('coordinator keygen' makes it), for addresses that others can reach \
            (default: $\(ServerKeys.secretVariable)).
            """, valueName: "file"), completion: .file())
    var key: String?

    @Option(
        help: ArgumentHelp(
            "Public keys of the workers that are let in, one a line (default: $\(ServerKeys.workersVariable)).",
            valueName: "file"), completion: .file())
    var workerKeys: String?

    @Option(
        help: ArgumentHelp(
            """
            Seconds at one unit after which a worker is taken to hang, although it is heard: its unit is given out \
            again, a local worker is killed and replaced (default: 20 times what units of the stage take, at least \
            300; an hour where none is done yet).
            """, valueName: "s"))
    var unitLimit: Double?

    @Option(
        help: ArgumentHelp(
            """
            Percent of the units answered by workers from elsewhere that count only once a second worker has given the \
            same answer; where two differ a third decides, and whoever was wrong is ended (default: \
            \(Quantities.significant(100 * RunLimits().verifiedShare))). With 100 a unit waits for a second worker, else it goes without \
            where there is none.
            """, valueName: "percent"))
    var verifyShare: Double?

    @Option(
        help: ArgumentHelp(
            "Kind of device of all workers, such as cpu (default: that of the worker that does a unit first).",
            valueName: "kind"))
    var deviceKind: String?

    @Flag(help: "Let workers of different device kinds take part; results may then depend on who computed them.")
    var allowMixedDevices = false

    @Option(
        help: ArgumentHelp(
            """
            How W is trained: step after step, workers sharing each batch (averaged), or as blocks of its outputs, \
            each of which one worker takes through all epochs by itself (by-outputs); several channels always by \
            outputs. The result is the same, bit for bit (default: averaged for one channel).
            """, valueName: TrainingMode.allCases.map(\.rawValue).joined(separator: "|")))
    var training: TrainingMode?

    @Option(
        help: """
            How gradients travel where they are averaged: as matrices (dense), as their factors, or as what of the two \
            is smaller (auto). The result is the same, bit for bit.
            """)
    var gradients = GradientForm.auto

    @Option(
        help: """
            How W gets to the workers: as a matrix at every step (whole), as the steps it has taken, which each worker \
            takes itself (replay), or as costs the fewest bytes, where workers on this machine read it in place. The \
            result is the same, bit for bit.
            """)
    var weights = WeightTravel.auto

    @Option(
        defaultAsFlag: PageAddress.standard.description,
        help: ArgumentHelp(
            """
            Serve a page that shows the run as it goes, with /metrics for monitoring (without a value: \
            \(PageAddress.standard), or the next port that is free). Another address than this machine's wants \
            --page-token.
            """, valueName: "host:port"))
    var page: String?

    @Option(
        help: ArgumentHelp(
            """
            A file, readable by its owner alone, with the token that lets one see the page (default: \
            $\(PageToken.variable)).
            """, valueName: "file"), completion: .file())
    var pageToken: String?

    @Option(
        help: ArgumentHelp(
            "Write an event file for TensorBoard to this folder: loss by step, scores by items.", valueName: "dir"),
        completion: .directory)
    var tensorboard: String?

    @Flag(
        name: .customLong("lm-eval"),
        help: """
            Write scores and samples as lm-evaluation-harness does as well, in its keys: a folder for each condition in \
            \(RunReport.harnessFolder)/ of the run's.
            """)
    var harness = false

    @Option(
        help: ArgumentHelp(
            """
            A command for the run's end, run by /bin/sh with RUN_OUTCOME (done, failed, interrupted), RUN_OUTPUT, of a \
            run that is done RUN_RESULTS and RUN_SUMMARY, of one that failed RUN_CAUSE in its environment. If it fails \
            that is told, and changes nothing.
            """, valueName: "command"))
    var onEnd: String?

    @Option(
        help: ArgumentHelp(
            """
            Write what the coordinator decides, an event a line, to this file (at most 64 MiB); 'simulate --replay' \
            runs it again.
            """, valueName: "file"), completion: .file())
    var recordEvents: String?

    func validate() throws {
        guard workers == "auto" || (Int(workers).map { (0...256).contains($0) } ?? false) else {
            throw ValidationError("--workers \(workers): expected 'auto' or a number from 0 to 256")
        }
        if let verifyShare, !(0...100).contains(verifyShare) {
            throw ValidationError("--verify-share \(verifyShare): expected 0 to 100")
        }
        guard page != nil || pageToken == nil else { throw ValidationError("--page-token goes with --page") }
        if let unitLimit, !(unitLimit.isFinite && unitLimit > 0) {
            throw ValidationError("--unit-limit \(unitLimit): expected seconds above 0")
        }
        guard training != .byOutputs || gradients == .auto else {
            throw ValidationError("--gradients \(gradients.rawValue): with --training by-outputs no gradients travel")
        }
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads \(threads): expected 1 to 256")
        }
    }

    /// - Throws: for an endpoint that cannot be used.
    func options() throws -> ServerOptions {
        var options = ServerOptions(program: Program.file.deletingLastPathComponent().appendingPathComponent("worker"))
        options.workers = Int(workers).map { .count($0) } ?? .automatic
        options.threads = threads
        options.gpuArguments =
            (cudaLibraries.map { ["--cuda-libraries", $0] } ?? [])
            + (allowUnprovenDevice ? ["--allow-unproven-device"] : [])
        options.keys = try ServerKeys.read(
            keyFile: key, workerKeysFile: workerKeys, environment: ProcessInfo.processInfo.environment)
        let endpoint = listen ?? (options.workers == .count(0) ? "tcp://127.0.0.1:5755" : nil)
        options.listen = try endpoint.map { try Self.endpoint($0, flag: "--listen", keys: options.keys) }
        if let status {
            options.status = try Self.endpoint(status, flag: "--status", keys: options.keys).text
            options.statusMayMove = false
        }
        options.travel = LiveRun.Travel(training: training, gradients: gradients, weights: weights)
        options.limits.unitSeconds = unitLimit
        if let verifyShare { options.limits.verifiedShare = verifyShare / 100 }
        options.deviceKind = deviceKind.map { DeviceKind(rawValue: $0) }
        options.recordEvents = recordEvents.map { URL(fileURLWithPath: $0) }
        options.harness = harness
        options.tensorBoard = tensorboard.map { URL(fileURLWithPath: $0) }
        options.limits.allowsMixedDevices = allowMixedDevices
        return options
    }

    /// Without keys messages are neither encrypted nor authenticated, so they stay on this machine.
    private static func endpoint(_ text: String, flag: String, keys: ServerKeys?) throws -> Endpoint {
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(text)
        } catch {
            throw UsageError("\(flag) \(text): \(error)")
        }
        guard endpoint.isLocalOnly || keys != nil else {
            throw UsageError(
                "\(flag) \(text): without keys anyone could connect there; run 'coordinator keygen --output keys' and "
                    + "add --key keys/coordinator.secret --worker-keys keys/worker.public")
        }
        return endpoint
    }
}
