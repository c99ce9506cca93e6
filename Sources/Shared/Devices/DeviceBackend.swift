/// What a user asks to compute on: `--device`, `--threads` and `--kernels`.
package struct DeviceRequest: Hashable, Sendable {
    /// `auto`, or a name that a backend knows.
    package var device: String
    /// nil takes all cores, where the device computes with threads of this process.
    package var threads: Int?
    /// The instruction set of the processor's kernels; nil takes the best that it has.
    package var kernels: String?

    package init(device: String = "auto", threads: Int? = nil, kernels: String? = nil) {
        self.device = device
        self.threads = threads
        self.kernels = kernels
    }
}

/// A kind of device that this program can compute on, as the list of backends names it.
package struct DeviceBackend: Sendable {
    /// The devices of this backend that the machine has, as `--device` names them, the best first.
    package let present: @Sendable () -> [String]
    /// Whether `--device auto` may choose it.
    package let isAutomatic: Bool
    /// Throws where the request asks for what a device of this backend cannot do. It costs next to nothing.
    package let check: @Sendable (DeviceRequest) throws(DeviceError) -> Void
    /// Makes the device that `request.device` names, one of ``present``.
    package let open: @Sendable (DeviceRequest) throws(DeviceError) -> any Device

    package init(
        present: @escaping @Sendable () -> [String], isAutomatic: Bool,
        check: @escaping @Sendable (DeviceRequest) throws(DeviceError) -> Void,
        open: @escaping @Sendable (DeviceRequest) throws(DeviceError) -> any Device
    ) {
        self.present = present
        self.isAutomatic = isAutomatic
        self.check = check
        self.open = open
    }
}
