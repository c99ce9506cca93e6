/// Where a run's W's come from.
package enum ProjectionSource: Hashable, Sendable {
    /// The run trains them. One without the experiment `projection` has none to offer, and must not need any.
    case trained
    /// From files, one for each channel, in their order.
    case files([String])
    /// There are none: A's activations go into B as they are.
    case none
}

/// As `"trained"`, `"none"`, or the array of the files.
extension ProjectionSource: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let files = try? container.decode([String].self) {
            self = .files(files)
            return
        }
        switch try container.decode(String.self) {
        case "trained": self = .trained
        case "none": self = .none
        case let found:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "expected \"trained\", \"none\" or an array of files, found \"\(found)\"")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .trained: try container.encode("trained")
        case .files(let files): try container.encode(files)
        case .none: try container.encode("none")
        }
    }
}
