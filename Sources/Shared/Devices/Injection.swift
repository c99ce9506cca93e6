package import Run

/// An activation of another model, written into the residual stream at a prompt's last token (Ramesh & Li,
/// arXiv:2501.14082, section 3). It happens once, while the prompt is read.
///
/// With b the stream at the site, of d_B coordinates, and a the vector, of d_A, the last d = min(d_A, d_B)
/// coordinates are combined and the rest of b stays:
///
///     replace: a        sum: b + a        mean: (b + a) / 2
///
/// A vector that a projection W made has d_B coordinates, so all of b is combined.
package struct Injection: Hashable, Sendable {
    package let site: ActivationSite
    package let operation: InjectionOperation
    /// a, `[d_A]`
    package let vector: [Float]

    package init(site: ActivationSite, operation: InjectionOperation, vector: [Float]) {
        self.site = site
        self.operation = operation
        self.vector = vector
    }
}
