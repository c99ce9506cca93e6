package import Devices
package import Run
import Storage

/// A message on its way into a stream.
extension Injection {
    /// - Parameters:
    ///   - norm: that the coordinates that meet the stream are given together, where the delivery says so.
    ///   - width: coordinates of the stream.
    package init(
        site: ActivationSite, vector: [Float], by delivery: Condition.Delivery, norm: Double? = nil, width: Int
    ) {
        var vector = vector
        if delivery.matchesNorm, let norm {
            let own = vector.suffix(width).euclideanNorm
            // Zeros have no direction, and stay.
            if own > 0 { vector = vector.map { Float(Double($0) * (norm / own)) } }
        }
        let factor = Float(delivery.strength)
        if factor != 1 { vector = vector.map { factor * $0 } }
        self.init(site: site, operation: delivery.operation, vector: vector)
    }

    /// SHA-256 of the float32 values (little-endian), hexadecimal.
    package var digest: String { ContentHasher.digest(of: vector).hex }

    /// The vector's L2 norm.
    package var norm: Double { vector.euclideanNorm }
}
