/// Why a buffer or a device could not be made.
package enum TensorError: Error, Equatable, CustomStringConvertible {
    /// The system refused memory.
    case outOfMemory(bytes: Int, purpose: String)
    /// The kernel path asked for is not one that this CPU can run.
    case unsupportedKernels(KernelPath)
    /// The thread count is not between 1 and ``CPUDevice/maximumThreads``.
    case unusableThreadCount(Int)
    /// The system refused to start threads.
    case threadsRefused(Int)
    /// A stored value is infinite or not a number.
    case notFinite(part: Int, index: Int)

    package var description: String {
        switch self {
        case .outOfMemory(let bytes, let purpose):
            return "out of memory: the system refused \(bytes) bytes for \(purpose)"
        case .unsupportedKernels(let path):
            let supported = KernelPath.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: ", ")
            return "this CPU cannot run the kernel path \(path.rawValue); it supports \(supported)"
        case .unusableThreadCount(let count):
            return "\(count) threads asked for; between 1 and \(CPUDevice.maximumThreads) are possible"
        case .threadsRefused(let count):
            return "the system refused to start \(count) threads; ask for fewer"
        case .notFinite(let part, let index):
            return "value \(index) of part \(part) is infinite or not a number"
        }
    }
}
