/// Why a device cannot be had, or cannot go on. Each description is one line that says what would help.
package enum DeviceError: Error, Equatable, CustomStringConvertible {
    /// The system refused memory.
    case outOfMemory(bytes: Int, purpose: String)
    /// No backend knows the device, or it is not in this machine.
    case absent(device: String, present: [String])
    /// A setting, such as `--threads`, has a value that the device cannot take.
    case setting(String, found: String, expected: String)
    /// The device cannot be used on this machine as it is: what is missing, and what would help.
    case unusable(String)
    /// The device failed while it was used.
    case failed(String)
    /// What does not fit into the device's memory, before any of it is loaded.
    case tooLarge(needed: Int, free: Int, what: String)
    /// The system refused to start threads.
    case threadsRefused(Int)

    /// Whether it is about what was asked for, and not about what happened then.
    package var isOfRequest: Bool {
        switch self {
        case .absent, .setting, .unusable, .tooLarge: true
        case .outOfMemory, .failed, .threadsRefused: false
        }
    }

    package var description: String {
        switch self {
        case .outOfMemory(let bytes, let purpose):
            "out of memory: the system refused \(bytes) bytes for \(purpose)"
        case .absent(let device, let present):
            "--device \(device): not on this machine, which has \(present.joined(separator: ", ")); "
                + "auto takes the best of them"
        case .setting(let setting, let found, let expected):
            "\(setting) \(found): expected \(expected)"
        case .unusable(let reason): reason
        case .failed(let cause):
            "the GPU failed: \(cause); what it computed is lost, and this process cannot go on with it"
        case .tooLarge(let needed, let free, let what):
            "\(what) need \(needed) bytes of the GPU's memory, of which \(free) are free"
        case .threadsRefused(let count):
            "the system refused to start \(count) threads; ask for fewer"
        }
    }
}
