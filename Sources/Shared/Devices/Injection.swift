package import Run

/// An activation of another model, written into the residual stream at a prompt's last token, at one before, or one at
/// each of several (Ramesh & Li, arXiv:2501.14082, section 3). It happens once, while the prompt is read.
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
    /// a for each of the tokens at which it is written, which follow each other: `[tokens][d_A]`
    package let vectors: [[Float]]
    /// Tokens of the prompt behind these; 0 where the last of them is the prompt's.
    package let following: Int

    package init(site: ActivationSite, operation: InjectionOperation, vectors: [[Float]], following: Int = 0) {
        self.site = site
        self.operation = operation
        self.vectors = vectors
        self.following = following
    }

    /// At one token.
    package init(site: ActivationSite, operation: InjectionOperation, vector: [Float], following: Int = 0) {
        self.init(site: site, operation: operation, vectors: [vector], following: following)
    }

    /// Tokens at a prompt's end that are not as they would be without it.
    package var reach: Int { following + vectors.count }
}

extension [Injection] {
    /// Tokens at a prompt's end that are not as they would be without all of them.
    package var reach: Int { map(\.reach).max() ?? 1 }
}
