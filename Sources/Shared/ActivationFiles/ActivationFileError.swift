import PlainText
package import Weights

/// Why a file of a W or of activations cannot be used. One line that names the file and the tensor.
package enum ActivationFileError: Error, Equatable, CustomStringConvertible {
    /// The file or the tensor cannot be read.
    case unusable(WeightError)
    /// The file holds other tensors.
    case missing(path: String, tensor: String, found: [String])
    /// The tensor is of another shape; a dimension of any size is expected by its name.
    case shape(path: String, tensor: String, expected: String, found: [Int])
    /// The file is what `torch.save` writes.
    case pickle(path: String)

    package var description: String {
        switch self {
        case .unusable(let error): "\(error)"
        case .missing(let path, let tensor, let found): "\(path): expected tensor \(tensor), found \(Self.shown(found))"
        case .shape(let path, let tensor, let expected, let found):
            "\(path): tensor \(tensor): expected shape \(expected), found \(found)"
        case .pickle(let path):
            "\(path): written by torch.save, which can run any code when it is read; to make a safetensors file of it: "
                + "python3 -c \"import sys, torch; from safetensors.torch import save_file; "
                + "save_file(torch.load(sys.argv[1], map_location='cpu', weights_only=True), sys.argv[2])\" "
                + "\(Self.quoted(path)) \(Self.quoted(path + ".safetensors"))"
        }
    }

    /// A path as a shell takes it.
    private static func quoted(_ path: String) -> String {
        "'" + PrintableText.quoted(path, limit: 4096).replacing("'", with: "'\\''") + "'"
    }

    /// The first few names: a file may have thousands, of any length.
    private static func shown(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        let shown = names.prefix(8).map { PrintableText.quoted($0) }.joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
