import Backends
import CPUDevice
import Devices
import Testing

/// A device that is compared with the definition.
struct TestedDevice: Sendable, CustomTestStringConvertible {
    let device: any Device

    var testDescription: String { device.description }

    /// All that this machine has, by the list of backends; each kernel path of the processor.
    static let all: [TestedDevice] = {
        let listed = Backends.present.flatMap { name in
            [1, 3].map { DeviceRequest(device: name, threads: $0) }
        }
        let paths = KernelPath.supported.map { DeviceRequest(device: "cpu", threads: 2, kernels: $0.rawValue) }
        var seen: Set<String> = []
        return (listed + paths).map { request in
            do {
                return TestedDevice(device: try Backends.open(request))
            } catch {
                fatalError("\(request): \(error)")
            }
        }.filter { seen.insert($0.testDescription).inserted }
    }()

    /// What states the definition.
    static let reference: any Device = {
        do {
            return try Backends.open(DeviceRequest(device: "reference"))
        } catch {
            fatalError("\(error)")
        }
    }()
}
