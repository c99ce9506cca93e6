import Backends
import CPUDevice
import CUDADevice
import Devices
import Foundation
import ReferenceDevice
import TestSupport
import Testing

/// A device that is compared with the definition.
struct TestedDevice: Sendable, CustomTestStringConvertible {
    let device: any Device
    /// How it sums products of bfloat16, which is what kinds of device differ in.
    let sums: BFloat16Sums

    var testDescription: String { device.description }

    /// What states the definition of its results.
    var definition: any Device { sums == .processor ? Self.reference : Self.tensorCoreReference }

    /// All that this machine has, by the list of backends; of the processor the slower kernel paths as well, on other
    /// numbers of threads; and a GPU whose driver is the stand-in.
    static let all: [TestedDevice] = {
        let listed = Backends.present.map { DeviceRequest(device: $0, threads: 3) }
        let paths = KernelPath.supported.dropLast().enumerated().map { index, path in
            DeviceRequest(device: "cpu", threads: 1 + index % 2, kernels: path.rawValue)
        }
        let standIn = DeviceRequest(device: "cuda:0", threads: 1, cudaLibraries: CUDAStandIn.folder.path)
        return (listed + paths + [standIn]).map { TestedDevice($0) }
    }()

    /// What states the definition.
    static let reference = TestedDevice(DeviceRequest(device: "reference")).device
    private static let tensorCoreReference = ReferenceDevice(sums: .tensorCores9)

    private init(_ request: DeviceRequest) {
        do {
            device = try Backends.open(request)
        } catch {
            fatalError("\(request): \(error)")
        }
        sums = (device as? CUDADevice)?.sums ?? .processor
    }
}
