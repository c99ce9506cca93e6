import ActivationFiles
import Foundation
import Run

/// A W that comes from a file.
struct GivenProjection: Sendable {
    let channel: Channel
    /// The file's name.
    let name: String
    let matrix: FloatMatrix
}

extension RunInputs {
    /// Refuses a run whose W's come from nowhere, or from two places.
    /// - Parameter tasks: with the conditions that they are asked under.
    static func checkProjection(_ configuration: RunConfiguration, tasks: [TaskInputs]) throws(HostError) {
        let trains = configuration.experiments.contains(.projection)
        if configuration.training.reverse == true, !trains { throw .reverseWithoutTexts }
        switch configuration.projection {
        case .trained where trains: break
        case .trained:
            if configuration.experiments.contains(.similarity) { throw .noProjectionChosen(needing: "similarity") }
            for task in tasks {
                if let needing = task.conditions.first(where: { $0.condition.usesChannel }) {
                    throw .noProjectionChosen(needing: "condition '\(needing.name)' of \(task.task.name)")
                }
            }
        case .files(let files):
            if trains { throw .projectionAndTraining(flag: "--projection") }
            guard files.count == configuration.channels.parts.count else {
                throw .projectionCount(files: files.count, channels: configuration.channels.parts)
            }
        case .none:
            if trains { throw .projectionAndTraining(flag: "--no-projection") }
        }
    }

    /// Reads the W's that come from files, in the order of the channels' links.
    static func projections(
        _ configuration: RunConfiguration, dimensionA: Int, dimensionB: Int
    ) throws -> [GivenProjection] {
        guard case .files(let files) = configuration.projection else { return [] }
        return try zip(configuration.channels.parts, files).map { channel, path in
            let url = URL(fileURLWithPath: path)
            return GivenProjection(
                channel: channel, name: url.lastPathComponent,
                matrix: try ProjectionFile.read(url, dimensionA: dimensionA, dimensionB: dimensionB))
        }
    }

    /// What a reader must know of W's that come from files: those that were trained for something else.
    static func remarks(
        on configuration: RunConfiguration, fingerprintA: String, fingerprintB: String
    ) throws -> [String] {
        guard case .files(let files) = configuration.projection else { return [] }
        return try zip(configuration.channels.parts, files).flatMap { channel, path in
            let url = URL(fileURLWithPath: path)
            let made = try ProjectionFile.metadata(url)
            return [
                (made["fingerprint_a"], fingerprintA, "another model A"),
                (made["fingerprint_b"], fingerprintB, "another model B"),
                (made["layer_k"], String(channel.k), "k = \(made["layer_k"] ?? "")"),
                (made["layer_j"], String(channel.j), "j = \(made["layer_j"] ?? "")"),
            ].compactMap { found, expected, what in
                found == nil || found == expected
                    ? nil : "\(url.lastPathComponent) was trained for \(what), and serves channel \(channel) here"
            }
        }
    }
}
