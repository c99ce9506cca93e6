package import Devices
import Foundation
import Locking
package import ModelFolders
package import Run
package import Weights

/// This machine's processor: one pool of threads and one set of kernels, for models and W.
///
/// All kernel paths give the same bits on any number of threads, so processors are one kind.
package final class CPUDevice: Device, @unchecked Sendable {  // `operations` are used under `lock` alone
    /// More threads than this are refused.
    package static let maximumThreads = 256

    package let kind = DeviceKind.cpu
    package let kernels: KernelChoice
    package let threads: Int
    /// W's arithmetic for one thread each: what ``ProjectionArithmetic/share(outputs:_:)`` lends.
    let threadArithmetic: [Operations]
    private let operations: Operations
    private let lock = Lock()

    /// Starts `threads` - 1 threads, which sleep while there is nothing to do.
    ///
    /// - Parameters:
    ///   - threads: that compute, the caller's among them; nil takes one for each core.
    ///   - kernels: the path that runs everything, or nil for what is fastest at each on this processor.
    package init(threads: Int? = nil, kernels: KernelPath? = nil) throws(DeviceError) {
        let threads = threads ?? max(1, min(ProcessInfo.processInfo.activeProcessorCount, Self.maximumThreads))
        try Self.check(threads: threads, kernels: kernels ?? .best)
        self.threads = threads
        self.kernels = kernels.map { KernelChoice($0) } ?? .fastest
        operations = try Operations(threads: threads, kernels: self.kernels)
        var alone: [Operations] = []
        for _ in 0..<threads { alone.append(try Operations(threads: 1, kernels: self.kernels)) }
        threadArithmetic = alone
    }

    package var description: String { "\(kind) \(kernels.name), \(threads) thread\(threads == 1 ? "" : "s")" }

    package var details: [String] { kernels.lines }

    package var freeMemory: Int? { SystemMemory.availableBytes }

    package func load(
        _ configuration: ModelConfiguration, _ weights: WeightFiles, computeType: ComputeType, rowLimit: Int
    ) throws -> any DeviceModel {
        try withOperations { operations in
            let pass = ForwardPass(
                configuration: configuration,
                weights: try ModelWeights(weights, configuration, computeType: computeType, operations: operations),
                workspace: try Workspace(configuration, rowLimit: rowLimit), operations: operations)
            return CPUModel(
                configuration, computeType: computeType, rowLimit: rowLimit, pass: pass, device: self)
        }
    }

    package func cacheBytes(
        of configuration: ModelConfiguration, positions: Int, for use: KeyValueCache.Use, rowLimit: Int
    ) -> Int {
        CPUCache.Shape(configuration, passRows: rowLimit).byteCount(positions: positions, use)
    }

    package func cacheBytesOfPosition(of configuration: ModelConfiguration) -> Int {
        CPUCache.Shape(configuration, passRows: 1).bytesOfPosition
    }

    package var projection: any ProjectionArithmetic { CPUProjection(device: self) }

    package var distributions: any DistributionArithmetic { CPUDistributions(device: self) }

    /// Runs `body` while nobody else uses the threads.
    func withOperations<R, E: Error>(_ body: (Operations) throws(E) -> R) throws(E) -> R {
        lock.lock()
        defer { lock.unlock() }
        return try body(operations)
    }

    static func check(threads: Int, kernels: KernelPath) throws(DeviceError) {
        guard (1...maximumThreads).contains(threads) else {
            throw .setting("--threads", found: "\(threads)", expected: "1 to \(maximumThreads)")
        }
        guard kernels.isSupported else {
            throw .setting(
                "--kernels", found: kernels.rawValue, expected: "what this processor has: \(Self.kernelNames)")
        }
    }

    fileprivate static var kernelNames: String {
        (["auto"] + KernelPath.supported.map(\.rawValue)).joined(separator: ", ")
    }
}

extension DeviceBackend {
    /// The processor.
    package static let cpu = DeviceBackend(
        present: { _ in [DeviceKind.cpu.rawValue] },
        knows: { $0 == DeviceKind.cpu.rawValue },
        check: { request throws(DeviceError) in
            try CPUDevice.check(threads: request.threads ?? 1, kernels: kernels(request) ?? .best)
        },
        open: { request throws(DeviceError) in
            try CPUDevice(threads: request.threads, kernels: kernels(request))
        },
        list: { request in
            let path = (try? kernels(request)) ?? .best
            return [
                DeviceListing(
                    name: DeviceKind.cpu.rawValue,
                    details: "\(path.rawValue) kernels, \(ProcessInfo.processInfo.activeProcessorCount) cores",
                    kind: .cpu)
            ]
        })

    private static func kernels(_ request: DeviceRequest) throws(DeviceError) -> KernelPath? {
        guard let name = request.kernels, name != "auto" else { return nil }
        guard let path = KernelPath(rawValue: name) else {
            throw .setting("--kernels", found: name, expected: "one of \(CPUDevice.kernelNames)")
        }
        return path
    }
}
