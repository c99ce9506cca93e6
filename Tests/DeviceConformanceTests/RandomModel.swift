import Foundation
import ModelFolders
import Run
import TestSupport
import Weights

/// A model folder made by a test, which goes when this does.
final class RandomModel: Sendable {
    let model: TestedModel
    private let temporary: TemporaryFolder

    struct Tensor {
        let name: String
        var shape: [Int]
        var count: Int { shape.reduce(1, *) }
    }

    /// - Parameter values: of each tensor that the configuration asks for; it is left out where there are none.
    init(
        name: String, configuration: String,
        values: (inout Tensor, inout NamedGenerator) -> SafetensorsWriter.Tensor.Values?
    ) {
        do {
            temporary = try TemporaryFolder()
            let config = temporary.file("config.json")
            try Data(configuration.utf8).write(to: config)
            let tensors = ModelLayout(try ModelConfiguration(config: config)).tensors.compactMap { tensor in
                var random = NamedGenerator(seed: 1, purpose: "weights", key: tensor.name)
                var made = Tensor(name: tensor.name, shape: tensor.shape)
                return values(&made, &random).map {
                    SafetensorsWriter.Tensor(name: made.name, shape: made.shape, values: $0)
                }
            }
            try SafetensorsWriter.write(tensors, to: temporary.file("model.safetensors"))
        } catch {
            fatalError("\(name): \(error)")
        }
        model = TestedModel(name: name, folder: temporary.url)
    }
}
