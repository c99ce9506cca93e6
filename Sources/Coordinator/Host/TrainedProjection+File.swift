import ActivationFiles
import Run

extension TrainedProjection {
    /// Writes W's file, with what W was trained on and how. One the other way is one of a run with A and B exchanged, and
    /// serves it.
    func write(_ inputs: RunInputs, to storage: some RunStorage) throws {
        let configuration = inputs.configuration
        let manifest = inputs.manifest
        func of(_ site: Site) -> (name: String, fingerprint: String) {
            site.model == .a
                ? (manifest.configuration.modelA, manifest.modelA) : (manifest.configuration.modelB, manifest.modelB)
        }
        var metadata = [
            "format": "pt",
            "model_a": of(channel.source).name,
            "model_b": of(channel.target).name,
            "fingerprint_a": of(channel.source).fingerprint,
            "fingerprint_b": of(channel.target).fingerprint,
            "layer_k": String(channel.source.blocks),
            "layer_j": String(channel.target.blocks),
            "seed": String(configuration.seed),
            "rows": String(configuration.training.rows),
            "steps": String(trainer.step),
            "loss": losses.last.map { String($0.loss) } ?? "",
            "run": manifest.run,
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
        RunFiles.projection(
            dimensionA: inputs.width(at: channel.source), dimensionB: inputs.width(at: channel.target), channel: channel
        )
    }
}
