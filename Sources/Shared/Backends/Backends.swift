import CPUDevice
import CUDADevice
package import Devices
import ReferenceDevice

/// All backends of this program. Another one is a target of its own and a line here.
package enum Backends {
    static let all: [DeviceBackend] = [.cpu, .reference, .cuda]

    /// Those that `--device auto` may take, the first that can be used.
    private static let automatic: [DeviceBackend] = [.cuda, .cpu]

    /// What `--device` may say on this machine, but for `auto`.
    package static var present: [String] { all.flatMap { $0.present(DeviceRequest()) } }

    /// What there is to say of each device of this machine.
    package static func list(_ request: DeviceRequest) -> [DeviceListing] { all.flatMap { $0.list(request) } }

    /// Makes the device that is asked for.
    /// - Parameter note: told of a device that `auto` would have taken, and why it could not.
    /// - Throws: as ``check(_:)``, and where the system refuses threads or memory.
    package static func open(
        _ request: DeviceRequest, passingOver note: (_ device: String, DeviceError) -> Void = { _, _ in }
    ) throws(DeviceError) -> any Device {
        try firstUsable(of: request, passingOver: note) { (choice) throws(DeviceError) in
            try choice.backend.check(choice.request)
            return try choice.backend.open(choice.request)
        }
    }

    /// Throws where there is no such device, with those that there are, or where it cannot do what is asked of it.
    package static func check(_ request: DeviceRequest) throws(DeviceError) {
        try firstUsable(of: request) { (choice) throws(DeviceError) in try choice.backend.check(choice.request) }
    }

    /// A device, and the request with its own name.
    private struct Choice {
        let backend: DeviceBackend
        let request: DeviceRequest
    }

    private static func firstUsable<Result>(
        of request: DeviceRequest, passingOver note: (String, DeviceError) -> Void = { _, _ in },
        _ use: (Choice) throws(DeviceError) -> Result
    ) throws(DeviceError) -> Result {
        var failure = DeviceError.absent(device: request.device, present: present)
        let choices = choices(for: request)
        for (place, choice) in choices.enumerated() {
            do {
                return try use(choice)
            } catch {
                failure = error
                if place + 1 < choices.count { note(choice.request.device, error) }
            }
        }
        throw failure
    }

    /// The devices to try, in this order: of `auto` one of each backend, of any other name the one that it names.
    private static func choices(for request: DeviceRequest) -> [Choice] {
        guard let turn = turn(request.device) else {
            return all.filter { $0.knows(request.device) }.prefix(1).map { Choice(backend: $0, request: request) }
        }
        return automatic.compactMap { backend in
            let names = backend.present(request)
            guard !names.isEmpty else { return nil }
            var request = request
            request.device = names[turn % names.count]
            return Choice(backend: backend, request: request)
        }
    }

    /// Which of several like devices is meant: those who share a machine take them in turn. nil where one is named.
    private static func turn(_ device: String) -> Int? {
        if device == "auto" { return 0 }
        guard device.hasPrefix("auto:"), let turn = Int(device.dropFirst(5)), turn >= 0, "auto:\(turn)" == device else {
            return nil
        }
        return turn
    }
}
