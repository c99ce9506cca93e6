package import JSON

/// Why a model folder cannot be used. One line that names the file, what was found and what to do.
package enum ModelFolderError: Error, Equatable, CustomStringConvertible {
    /// A file that the folder needs is missing or cannot be read.
    case unreadable(path: String, reason: String)
    /// What could be a model's id on the hub is neither a folder nor in the local cache.
    case notDownloaded(name: String, revision: String?, cache: String)
    /// A file is larger than anything that it could sensibly hold.
    case tooLarge(path: String, bytes: Int, limit: Int)
    /// A file is not the JSON that it should be.
    case malformed(path: String, reason: String)
    /// A field of a configuration is missing, of the wrong type, or out of range.
    case invalidField(path: String, field: String, expected: String, found: String)
    /// The architecture is not one that this program computes.
    case unsupportedArchitecture(path: String, found: String)
    /// A field asks for arithmetic that this program does not have.
    case unsupportedField(path: String, field: String, found: String, supported: String)
    /// A field of which nobody here knows whether it changes the arithmetic.
    case unknownField(path: String, field: String, found: String)
    /// What is there is no folder of Hugging Face's layout, but something that is known.
    case otherLayout(path: String, found: String, remedy: String)
    /// The folder has no safetensors weights.
    case noWeights(path: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason):
            return "\(path): cannot be read: \(reason)"
        case .notDownloaded(let name, let revision, let cache):
            let (suffix, option) = (revision.map { "@\($0)" } ?? "", revision.map { " --revision \($0)" } ?? "")
            return "\(name)\(suffix): no such folder, and no such model in the Hugging Face cache \(cache); "
                + "to download it: hf download \(name)\(option)"
        case .tooLarge(let path, let bytes, let limit):
            return "\(path): \(bytes) bytes, more than the limit of \(limit); is it the right file?"
        case .malformed(let path, let reason):
            return "\(path): \(reason)"
        case .invalidField(let path, let field, let expected, let found):
            return "\(path): field \(field): expected \(expected), found \(found)"
        case .unsupportedArchitecture(let path, let found):
            let supported = ModelConfiguration.supportedArchitectures.joined(separator: ", ")
            return "\(path): architecture \(found) is not supported; supported are \(supported)"
        case .unsupportedField(let path, let field, let found, let supported):
            return "\(path): field \(field) is \(found), which changes the arithmetic; supported is \(supported)"
        case .unknownField(let path, let field, let found):
            return "\(path): field \(field) is \(found), which is not understood and may change the arithmetic; "
                + "take it out if it does not"
        case .otherLayout(let path, let found, let remedy):
            return "\(path): \(found); \(remedy)"
        case .noWeights(let path, let reason):
            return "\(path): no usable weights: \(reason)"
        }
    }
}

extension ModelFolderError: JSONFailure {
    package init(_ error: JSONError) {
        switch error {
        case .unreadable(let file, let reason): self = .unreadable(path: file, reason: reason)
        case .tooLarge(let file, let bytes, let limit): self = .tooLarge(path: file, bytes: bytes, limit: limit)
        case .foreign(let file, _), .malformed(let file, _, _, _, _):
            self = .malformed(path: file, reason: error.placedCause)
        case .repeated(let file, let path):
            self = .invalidField(
                path: file, field: path, expected: "one field of that name", found: "a second one")
        case .invalid(let file, "", _, _): self = .malformed(path: file, reason: error.cause)
        case .invalid(let file, let path, let expected, let found):
            self = .invalidField(path: file, field: path, expected: expected, found: found)
        case .unknown(let file, let path, let found, _):
            self = .unknownField(path: file, field: path, found: found)
        }
    }
}
