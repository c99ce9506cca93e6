package import Devices
package import Run
import Storage

/// A message on its way into a stream.
extension Injection {
    /// - Parameters:
    ///   - vectors: of each token at which it is written.
    ///   - norm: that the coordinates of each that meet the stream are given together, where the delivery says so.
    ///   - width: coordinates of the stream.
    ///   - following: tokens of the prompt behind those at which it is written.
    package init(
        site: ActivationSite, vectors: [[Float]], by delivery: Condition.Delivery, norm: Double? = nil, width: Int,
        following: Int = 0
    ) {
        let factor = Float(delivery.strength)
        let vectors = vectors.map { vector in
            var vector = vector
            if delivery.matchesNorm, let norm {
                let own = vector.suffix(width).euclideanNorm
                // Zeros have no direction, and stay.
                if own > 0 { vector = vector.map { Float(Double($0) * (norm / own)) } }
            }
            return factor == 1 ? vector : vector.map { factor * $0 }
        }
        self.init(site: site, operation: delivery.operation, vectors: vectors, following: following)
    }

    /// The same into a prompt that is cut to so many tokens: what would stand before them is left out.
    package func cut(to tokens: Int) -> Injection {
        Injection(
            site: site, operation: operation, vectors: Array(vectors.suffix(max(0, tokens - following))),
            following: following)
    }

}

/// What a message has become, site by site.
extension [Injection] {
    private var values: [Float] { flatMap { $0.vectors.joined() } }

    /// SHA-256 of the float32 values (little-endian), site by site, token by token, hexadecimal.
    package var digest: String { ContentHasher.digest(of: values).hex }

    /// The L2 norm of all values.
    package var norm: Double { values.euclideanNorm }
}
