import Foundation
import Run
import Weights

/// A channel's W as a run leaves it: `proj.weight`, [d_B, d_A] float32, which PyTorch's `nn.Linear(bias=False)` loads,
/// with what it was trained on and how as metadata.
enum ProjectionFile {
    static func write(_ training: TrainedProjection, inputs: RunInputs, storage: some RunStorage) throws {
        let configuration = inputs.configuration
        let w = training.trainer.projection
        let tensor = SafetensorsWriter.Tensor(
            name: "proj.weight", shape: [w.rows, w.columns], values: .float32(w.values))
        let metadata = [
            "format": "pt",
            "model_a": (configuration.modelA as NSString).lastPathComponent,
            "model_b": (configuration.modelB as NSString).lastPathComponent,
            "fingerprint_a": inputs.manifest.modelA,
            "fingerprint_b": inputs.manifest.modelB,
            "layer_k": String(training.channel.k),
            "layer_j": String(training.channel.j),
            "seed": String(configuration.seed),
            "rows": String(configuration.training.rows),
            "steps": String(training.trainer.step),
            "loss": training.losses.last.map { String($0) } ?? "",
            "run": inputs.manifest.run,
        ]
        try storage.write(name(inputs, training.channel)) { write in
            try SafetensorsWriter.write([tensor], metadata: metadata, write)
        }
    }

    static func name(_ inputs: RunInputs, _ channel: Channel) -> String {
        RunFiles.projection(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, channel: channel)
    }
}
