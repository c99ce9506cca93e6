/// Why a weight file or a tensor in it cannot be used. One line that names the file and the tensor.
package enum WeightError: Error, Equatable, CustomStringConvertible {
    /// The file is missing or cannot be opened or mapped.
    case unreadable(path: String, reason: String)
    /// The file is not a safetensors file, or its header contradicts itself or the file.
    case malformed(path: String, reason: String)
    /// What a tensor's header entry says cannot be true.
    case invalidTensor(path: String, tensor: String, reason: String)
    /// A tensor is in none of the files.
    case missing(tensor: String, files: String)
    /// Two files hold a tensor of the same name.
    case duplicate(tensor: String, first: String, second: String)
    /// The shape is not the one that the model's configuration asks for.
    case wrongShape(path: String, tensor: String, expected: [Int], found: [Int])
    /// The element type is not one that this program computes with.
    case unsupportedType(path: String, tensor: String, found: String)
    /// A value is infinite or not a number.
    case notFinite(path: String, tensor: String, index: Int)
    /// What is to be written is inconsistent.
    case unwritable(tensor: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): return "\(path): cannot be read: \(reason)"
        case .malformed(let path, let reason): return "\(path): not a usable safetensors file: \(reason)"
        case .invalidTensor(let path, let tensor, let reason): return "\(path): tensor \(tensor): \(reason)"
        case .missing(let tensor, let files): return "\(files): tensor \(tensor) is missing"
        case .duplicate(let tensor, let first, let second):
            return "tensor \(tensor) is in both \(first) and \(second)"
        case .wrongShape(let path, let tensor, let expected, let found):
            return "\(path): tensor \(tensor): expected shape \(expected), found \(found)"
        case .unsupportedType(let path, let tensor, let found):
            let supported = "F32, BF16, F16"
            return "\(path): tensor \(tensor): type \(found) is not supported; supported are \(supported)"
        case .notFinite(let path, let tensor, let index):
            return "\(path): tensor \(tensor): value \(index) is infinite or not a number; the file is damaged"
        case .unwritable(let tensor, let reason): return "tensor \(tensor) cannot be written: \(reason)"
        }
    }
}
