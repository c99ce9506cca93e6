package import Devices
package import Run
import Storage

/// A message on its way into a stream.
extension Injection {
    /// - Parameter strength: what the vector is multiplied by before it is combined.
    package init(site: ActivationSite, operation: InjectionOperation, vector: [Float], strength: Double) {
        let factor = Float(strength)
        self.init(
            site: site, operation: operation, vector: factor == 1 ? vector : vector.map { factor * $0 })
    }

    /// SHA-256 of the float32 values (little-endian), hexadecimal.
    package var digest: String { ContentHasher.digest(of: vector).hex }

    /// The vector's L2 norm.
    package var norm: Double { vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}
