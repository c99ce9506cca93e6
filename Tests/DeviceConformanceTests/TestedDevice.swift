import Backends
import CPUDevice
import Devices
import Testing

/// A device that is compared with the definition.
struct TestedDevice: Sendable, CustomTestStringConvertible {
    let device: any Device

    var testDescription: String { device.description }

    /// All that this machine has, by the list of backends; of the processor the slower kernel paths as well, on other
    /// numbers of threads.
    static let all: [TestedDevice] = {
        let listed = Backends.present.map { DeviceRequest(device: $0, threads: 3) }
        let paths = KernelPath.supported.dropLast().enumerated().map { index, path in
            DeviceRequest(device: "cpu", threads: 1 + index % 2, kernels: path.rawValue)
        }
        return (listed + paths).map { TestedDevice($0) }
    }()

    /// What states the definition.
    static let reference = TestedDevice(DeviceRequest(device: "reference")).device

    private init(_ request: DeviceRequest) {
        do {
            device = try Backends.open(request)
        } catch {
            fatalError("\(request): \(error)")
        }
    }
}
