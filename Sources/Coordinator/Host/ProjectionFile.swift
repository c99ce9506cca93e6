import Foundation
import Run
import Weights

/// W as a run leaves it: `proj.weight`, [d_B, d_A] float32, which PyTorch's `nn.Linear(bias=False)` loads, with
/// what it was trained on and how as metadata.
enum ProjectionFile {
    static func write(_ training: TrainingCheckpoint, inputs: RunInputs, folder: RunFolder) throws {
        let configuration = inputs.configuration
        let w = training.trainer.projection
        try SafetensorsWriter.write(
            [SafetensorsWriter.Tensor(name: "proj.weight", shape: [w.rows, w.columns], values: .float32(w.values))],
            metadata: [
                "format": "pt",
                "model_a": (configuration.modelA as NSString).lastPathComponent,
                "model_b": (configuration.modelB as NSString).lastPathComponent,
                "fingerprint_a": inputs.manifest.modelA,
                "fingerprint_b": inputs.manifest.modelB,
                "layer_k": String(configuration.channels[0].k),
                "layer_j": String(configuration.channels[0].j),
                "seed": String(configuration.seed),
                "rows": String(configuration.training.rows),
                "steps": String(training.trainer.step),
                "loss": training.losses.last.map { String($0) } ?? "",
                "run": inputs.manifest.run,
            ],
            to: url(inputs, folder))
    }

    static func url(_ inputs: RunInputs, _ folder: RunFolder) -> URL {
        folder.projection(
            dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, channel: inputs.configuration.channels[0])
    }
}
