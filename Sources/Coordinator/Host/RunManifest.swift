import Foundation
package import Run
import Storage

/// What `run.json` says: the run's inputs, so that the run can be told from others, continued and repeated.
///
/// It holds names and digests, and nothing of where models and files lie: equal runs have equal bytes anywhere.
package struct RunManifest: Codable, Hashable, Sendable {
    /// Version of the product that began the run.
    package var software: String
    /// The run's digest: what the configuration, models and data come to.
    package var run: String
    /// With names in place of paths.
    package var configuration: RunConfiguration
    /// SHA-256 of the model folders' contents, hexadecimal.
    package var modelA: String
    package var modelB: String
    /// In the order of `RunConfiguration/files`.
    package var data: [DataFile]
    /// What of texts was read; nil where none are.
    package var reading: Reading?
    /// The kinds of device that the results were computed on, sorted; none before a worker has come.
    package var deviceKinds: [DeviceKind] = []
    /// What the run has written, once it is finished: all files but this one and `timing.json`.
    package var files: [WrittenFile] = []

    /// What both models have read of texts, besides what they are and compute in.
    package struct Reading: Codable, Hashable, Sendable {
        /// SHA-256 of the texts as they were cut, hexadecimal, and their number.
        package var texts: String
        package var count: Int
        /// Tokens that a text was cut to.
        package var maximumTokens: Int
        package var sites: [Site]
        /// Of a task's prompts; nil for plain texts.
        package var prompts: PromptReading?
    }

    /// How prompts are read that W learns from.
    package struct PromptReading: Codable, Hashable, Sendable {
        /// Positions kept for an answer: what is longer is cut on the left.
        var answerTokens: Int
        var chat: Bool
        var settings: ReadingSettings
        /// At which tokens, such as `-1`.
        var positions: String
    }

    package struct WrittenFile: Codable, Hashable, Sendable {
        package var name: String
        /// SHA-256, hexadecimal.
        package var sha256: String
    }

    /// - Parameters:
    ///   - configuration: with names in place of paths.
    ///   - data: in the order of the configuration's files.
    package init(
        software: String, configuration: RunConfiguration, modelA: String, modelB: String, data: [DataFile]
    ) throws {
        self.software = software
        self.configuration = configuration
        self.modelA = modelA
        self.modelB = modelB
        self.data = data
        run = ""
        run = ContentHasher.digest(of: try Self.encode(contents)).hex
    }

    /// A run of no models and no files, under a name of its own.
    package init(named run: String, configuration: RunConfiguration) {
        software = run
        self.run = run
        self.configuration = configuration
        (modelA, modelB, data) = ("", "", [])
    }

    /// The configuration with digests in place of names: what is computed with, whatever it is called.
    var contents: RunConfiguration {
        var contents = configuration.withFiles(data.map(\.content))
        (contents.modelA, contents.modelB) = (modelA, modelB)
        return contents
    }

    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
