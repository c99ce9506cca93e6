/// What a result's bits depend on besides its inputs: devices of one kind give the same bits.
///
/// A run keeps to one kind. The text is the kind's one spelling, in files, in messages and on the screen.
package struct DeviceKind: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// Processors, whatever their instruction set.
    package static let cpu = DeviceKind(rawValue: "cpu")
    /// The definition of every operation in plain Swift, for comparison.
    package static let reference = DeviceKind(rawValue: "reference")

    package var description: String { rawValue }
}
