/// What a result's bits depend on besides its inputs: devices of one kind give the same bits.
///
/// A run keeps to one kind. The text is the kind's one spelling, in files, in messages and on the screen; kinds are
/// ordered by its bytes.
package struct DeviceKind: RawRepresentable, Codable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// Processors, whatever their instruction set.
    package static let cpu = DeviceKind(rawValue: "cpu")
    /// The definition of every operation in plain Swift, for comparison.
    package static let reference = DeviceKind(rawValue: "reference")
    /// NVIDIA GPUs whose tensor cores sum as those of compute capability 8.x do.
    package static let cuda8 = DeviceKind(rawValue: "cuda 8")
    /// Those whose tensor cores sum as those of compute capability 9.0 do.
    package static let cuda9 = DeviceKind(rawValue: "cuda 9")
    /// Those whose tensor cores sum in a way that is not known: of one compute capability they are taken to be alike.
    package static func unprovenCUDA(_ capability: String) -> DeviceKind {
        DeviceKind(rawValue: "cuda \(capability) unproven")
    }
}

extension DeviceKind: CustomStringConvertible {
    package var description: String { rawValue }
}

/// A kind by its spelling, as `"cpu"`.
extension DeviceKind: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(rawValue: text) }
}

extension DeviceKind: Comparable {
    package static func < (a: DeviceKind, b: DeviceKind) -> Bool {
        a.rawValue.utf8.lexicographicallyPrecedes(b.rawValue.utf8)
    }
}
