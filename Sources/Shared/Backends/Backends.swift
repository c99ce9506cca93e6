import CPUDevice
import CUDADevice
package import Devices
import ReferenceDevice

/// All backends of this program. Another one is a target of its own and a line here.
package enum Backends {
    /// In the order in which `--device auto` prefers them.
    static let all: [DeviceBackend] = [.cpu, .reference, .cuda]

    /// What `--device` may say on this machine, but for `auto`.
    package static var present: [String] { all.flatMap { $0.present(DeviceRequest()) } }

    /// What there is to say of each device of this machine.
    package static func list(_ request: DeviceRequest) -> [DeviceListing] { all.flatMap { $0.list(request) } }

    /// Makes the device that is asked for.
    /// - Throws: as ``check(_:)``, and where the system refuses threads or memory.
    package static func open(_ request: DeviceRequest) throws(DeviceError) -> any Device {
        let (backend, request) = try choose(request)
        return try backend.open(request)
    }

    /// Throws where there is no such device, with those that there are, or where it cannot do what is asked of it.
    package static func check(_ request: DeviceRequest) throws(DeviceError) {
        _ = try choose(request)
    }

    /// The backend of the device that is asked for, and the request with the device's own name.
    private static func choose(
        _ request: DeviceRequest
    ) throws(DeviceError) -> (DeviceBackend, DeviceRequest) {
        for backend in all {
            let isAutomatic = request.device == "auto" && backend.isAutomatic
            guard isAutomatic || backend.knows(request.device) else { continue }
            var request = request
            if isAutomatic, let name = backend.present(request).first { request.device = name }
            try backend.check(request)
            return (backend, request)
        }
        throw .absent(device: request.device, present: present)
    }
}
