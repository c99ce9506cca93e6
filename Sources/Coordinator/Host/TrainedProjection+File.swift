import ActivationFiles
import Run

extension TrainedProjection {
    /// Writes W's file, with what W was trained on and how.
    func write(_ inputs: RunInputs, to storage: some RunStorage) throws {
        let configuration = inputs.configuration
        var metadata = [
            "format": "pt",
            "model_a": inputs.manifest.configuration.modelA,
            "model_b": inputs.manifest.configuration.modelB,
            "fingerprint_a": inputs.manifest.modelA,
            "fingerprint_b": inputs.manifest.modelB,
            "layer_k": String(channel.k),
            "layer_j": String(channel.j),
            "seed": String(configuration.seed),
            "rows": String(configuration.training.rows),
            "steps": String(trainer.step),
            "loss": losses.last.map { String($0.loss) } ?? "",
            "run": inputs.manifest.run,
        ]
        if let form {
            metadata["fit"] = channel.fit.rawValue
            metadata["steps"] = nil
            metadata["loss"] = nil
            metadata["ridge"] = form.ridge.map { String($0) }
            metadata["rank"] = form.rank.map { String($0) }
        }
        try storage.write(file(inputs)) { write in
            try ProjectionFile.write(trainer.projection, hasBias: form != nil, metadata: metadata, write)
        }
    }

    /// The name of W's file.
    func file(_ inputs: RunInputs) -> String {
        RunFiles.projection(dimensionA: inputs.dimensionA, dimensionB: inputs.dimensionB, channel: channel)
    }
}
