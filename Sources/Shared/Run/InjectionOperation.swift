/// How A's activation, a, and B's, b, are combined, coordinate by coordinate (Ramesh & Li, section 3.1).
package enum InjectionOperation: String, CaseIterable, Codable, Hashable, Sendable {
    /// a
    case replace
    /// b + a
    case sum
    /// (b + a) / 2
    case mean
}
