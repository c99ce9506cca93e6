package import Run

/// What a user asks to compute on: `--device`, `--threads`, `--kernels`, `--cuda-libraries`,
/// `--allow-unproven-device`.
package struct DeviceRequest: Hashable, Sendable {
    /// `auto`, `auto:N`, or a name that a backend knows.
    package var device: String
    /// The folder of the GPU's libraries, where they are not found by themselves.
    package var cudaLibraries: String?
    /// Whether a GPU may be used whose sums are of no kind that is known.
    package var allowsUnproven: Bool
    /// nil takes all cores, where the device computes with threads of this process.
    package var threads: Int?
    /// The instruction set of the processor's kernels; nil takes the best that it has.
    package var kernels: String?

    package init(
        device: String = "auto", threads: Int? = nil, kernels: String? = nil, cudaLibraries: String? = nil,
        allowsUnproven: Bool = false
    ) {
        self.device = device
        self.cudaLibraries = cudaLibraries
        self.allowsUnproven = allowsUnproven
        self.threads = threads
        self.kernels = kernels
    }
}

/// A kind of device that this program can compute on, as the list of backends names it.
package struct DeviceBackend: Sendable {
    /// The devices of this backend that the machine has, as `--device` names them, the best first.
    package let present: @Sendable (DeviceRequest) -> [String]
    /// Whether a device of that name is this backend's, present or not: where it is not, ``check`` says what is missing.
    package let knows: @Sendable (String) -> Bool
    /// Throws where the request asks for what a device of this backend cannot do. It costs next to nothing.
    package let check: @Sendable (DeviceRequest) throws(DeviceError) -> Void
    /// Makes the device that `request.device` names, one of ``present``.
    package let open: @Sendable (DeviceRequest) throws(DeviceError) -> any Device
    /// What there is to say of each of them. It may open them.
    package let list: @Sendable (DeviceRequest) -> [DeviceListing]

    package init(
        present: @escaping @Sendable (DeviceRequest) -> [String],
        knows: @escaping @Sendable (String) -> Bool,
        check: @escaping @Sendable (DeviceRequest) throws(DeviceError) -> Void,
        open: @escaping @Sendable (DeviceRequest) throws(DeviceError) -> any Device,
        list: @escaping @Sendable (DeviceRequest) -> [DeviceListing]
    ) {
        self.present = present
        self.knows = knows
        self.check = check
        self.open = open
        self.list = list
    }
}

/// A device as `worker devices` shows it.
package struct DeviceListing: Sendable, Equatable {
    /// As `--device` names it.
    package var name: String
    /// Such as the name that its maker gave it.
    package var model: String?
    /// Bytes of its memory, where that is its own.
    package var memory: Int?
    package var details: String?
    /// Its kind, where it can be used.
    package var kind: DeviceKind?
    /// Why it cannot.
    package var problem: String?

    package init(
        name: String, model: String? = nil, memory: Int? = nil, details: String? = nil, kind: DeviceKind? = nil,
        problem: String? = nil
    ) {
        self.name = name
        self.model = model
        self.memory = memory
        self.details = details
        self.kind = kind
        self.problem = problem
    }
}
