import Foundation
import Run
import TestSupport
import Weights

/// The shipped A's shape with weights that are drawn at random: it has nothing to say.
enum RandomSpeaker {
    /// Its folder, made once.
    static func folder() throws -> URL { try made.get().file("model") }

    private static let made = Result {
        let scratch = try TemporaryFolder()
        let folder = scratch.file("model")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: ReferencePair.shipped.modelA), to: folder)
        let weights = folder.appendingPathComponent("model.safetensors")
        try SafetensorsWriter.write(try drawn(like: SafetensorsFile(weights)), to: weights)
        return scratch
    }

    private static func drawn(like file: SafetensorsFile) throws -> [SafetensorsWriter.Tensor] {
        var generator = NamedGenerator(seed: 7, purpose: "random speaker")
        return try file.names.sorted().compactMap { name in
            guard let tensor = try file.tensor(name) else { return nil }
            // A norm's weights stay about 1.
            let (mean, scale) = tensor.shape.count == 1 ? (1.0, 0.1) : (0, 0.05)
            let values = (0..<tensor.shape.reduce(1, *)).map { _ in Float(mean + scale * generator.normal()) }
            return SafetensorsWriter.Tensor(name: name, shape: tensor.shape, values: .bfloat16(rounding: values))
        }
    }
}
