import CPUDevice
package import Devices
import ReferenceDevice

/// All backends of this program. Another one is a target of its own and a line here.
package enum Backends {
    /// In the order in which `--device auto` prefers them.
    static let all: [DeviceBackend] = [.cpu, .reference]

    /// What `--device` may say on this machine, but for `auto`.
    package static var present: [String] { all.flatMap { $0.present() } }

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
            let names = backend.present()
            let isAutomatic = request.device == "auto" && backend.isAutomatic
            guard let name = isAutomatic ? names.first : names.first(where: { $0 == request.device }) else { continue }
            var request = request
            request.device = name
            try backend.check(request)
            return (backend, request)
        }
        throw .absent(device: request.device, present: present)
    }
}
