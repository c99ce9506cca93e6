package import Tensors

/// What a worker computes on.
package struct Processor: Hashable, Sendable {
    package var threads: Int
    /// The instruction set of the kernels.
    package var kernels: KernelPath

    /// - Parameters:
    ///   - threads: that compute; a result does not depend on it.
    ///   - kernels: nil takes the best that this processor has.
    package init(threads: Int, kernels: KernelPath? = nil) {
        self.threads = threads
        self.kernels = kernels ?? .best
    }

    /// What a result's bits may depend on besides the run's inputs, the compute type among them: the kind of device.
    /// All kernel paths give the same bits, so processors are of one kind.
    package var deviceKind: String { "cpu" }
}
