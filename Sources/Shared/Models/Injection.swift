/// An activation of another model, written into the residual stream at a prompt's last token (Ramesh & Li,
/// arXiv:2501.14082, section 3). It happens once, while the prompt is read.
///
/// With b the stream at the site, of d_B coordinates, and a the vector, of d_A, the last d = min(d_A, d_B)
/// coordinates are combined and the rest of b stays. A vector that a projection W made has d_B coordinates, so all
/// of b is combined.
package struct Injection: Hashable, Sendable {
    /// f(a, b), coordinate by coordinate.
    package enum Operation: String, Hashable, Sendable, CaseIterable {
        /// a
        case replace
        /// b + a
        case sum
        /// (b + a) / 2
        case mean
    }

    package let site: ActivationSite
    package let operation: Operation
    /// a, `[d_A]`
    package let vector: [Float]

    package init(site: ActivationSite, operation: Operation, vector: [Float]) {
        self.site = site
        self.operation = operation
        self.vector = vector
    }

    /// Combines the vector with `stream`, b.
    package func apply(to stream: UnsafeMutableBufferPointer<Float>) {
        let count = min(vector.count, stream.count)
        for i in 0..<count {
            let a = vector[vector.count - count + i]
            let place = stream.count - count + i
            switch operation {
            case .replace: stream[place] = a
            case .sum: stream[place] = stream[place] + a
            case .mean: stream[place] = (stream[place] + a) / 2
            }
        }
    }
}
