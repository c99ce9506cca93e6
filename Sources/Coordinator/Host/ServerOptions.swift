package import CoordinatorControl
package import Foundation
package import Run
package import Transport

/// Where a run listens and who works on it. Nothing here changes a result.
package struct ServerOptions: Sendable {
    package enum Workers: Hashable, Sendable {
        /// One for each GPU; without any as many as the machine has room for.
        case automatic
        /// So many on this machine; 0 waits for workers from elsewhere.
        case count(Int)
    }

    /// Where workers from elsewhere connect, if any may. Local ones come by a socket that only this user's processes
    /// on this machine can reach.
    package var listen: Endpoint?
    /// Whom ``listen`` lets in, and ``status`` where that is not for this machine alone; nil lets in anybody.
    package var keys: ServerKeys?
    /// Where progress is asked for.
    package var status = ServerOptions.defaultStatus
    /// Whether another port of this machine will do where ``status`` is taken.
    package var statusMayMove = true
    package var workers = Workers.automatic
    /// Threads of each local worker; nil shares the processor's cores among them.
    package var threads: Int?
    /// The worker program, for local workers.
    package var program: URL
    /// Arguments of it that stand before those that the coordinator gives.
    package var programArguments: [String] = []
    /// What the worker program is told of GPUs: where their libraries are, and which may be used.
    package var gpuArguments: [String] = []
    package var limits = RunLimits()
    /// The kind of device of all workers; nil leaves it to the first result.
    package var deviceKind: DeviceKind?
    /// Where the coordinator's decisions are recorded, if they are.
    package var recordEvents: URL?
    /// The folder for TensorBoard's event file, if one is wanted.
    package var tensorBoard: URL?
    /// Whether the files of the language-model evaluation harness are wanted.
    package var harness = false
    package var travel = LiveRun.Travel()
    /// What an earlier run has read of the same texts.
    package var activations: ForeignActivations?
    /// The command that began this session, for the account.
    package var command: [String] = []

    package static let defaultStatus = "tcp://127.0.0.1:5756"

    package init(program: URL) {
        self.program = program
    }

    /// How many local workers a run has; 0 where it waits for others.
    package func localWorkers(for inputs: RunInputs, on devices: LocalDevices = LocalDevices()) -> Int {
        switch workers {
        case .count(let count): count
        case .automatic where !devices.gpus.isEmpty: devices.gpus.count
        case .automatic: WorkerCount.automatic(cores: Self.cores, inputs: inputs)
        }
    }

    static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// Threads of each of `count` local workers.
    package func threadsPerWorker(of count: Int) -> Int { threads ?? max(1, Self.cores / count) }
}
