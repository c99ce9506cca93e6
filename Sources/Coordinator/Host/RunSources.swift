import Foundation
import ModelFolders
import ModelReading
package import Run
import Storage

/// The models and files that a run names: found, and their contents' digests about to be there.
package struct RunSources: Sendable {
    /// With paths, those of files apart that no experiment reads.
    package let configuration: RunConfiguration
    let folderA: ModelFolder
    let folderB: ModelFolder
    let software: String
    private let fingerprintA: Background.Work<Digest>
    private let fingerprintB: Background.Work<Digest>
    private let data: Background.Work<[Digest]>

    /// Finds the models, and begins to take the digests on other threads.
    /// - Throws: where a model is missing or its description cannot be used.
    package init(_ given: RunConfiguration, software: String) throws {
        let configuration = given.withReadFilesOnly
        self.configuration = configuration
        self.software = software
        let ignored = Set(configuration.reading.ignoredConfigFields)
        folderA = try ModelFolder(path: configuration.modelA, ignoring: ignored)
        folderB = try ModelFolder(path: configuration.modelB, ignoring: ignored)
        fingerprintA = folderA.beginFingerprint()
        fingerprintB = folderA.url == folderB.url ? fingerprintA : folderB.beginFingerprint()
        data = Background.begin {
            try FileDigests().digests(ofFilesAt: configuration.files.map { URL(fileURLWithPath: $0.path) })
        }
    }

    /// The two models with all that texts go through before them, checked.
    func models() throws -> [ReadableModel] {
        try [folderA, folderB].map {
            try ReadableModel($0, chat: configuration.chat, settings: configuration.reading)
        }
    }

    /// What the run is; waits for the digests.
    package func manifest() throws -> RunManifest {
        let files = zip(configuration.files, try data.value()).map { file, digest in
            DataFile(flag: file.flag, name: Self.name(ofFile: file.path), sha256: digest.hex)
        }
        var named = configuration.withFiles(files.map(\.name))
        named.modelA = Self.name(ofModel: configuration.modelA)
        named.modelB = Self.name(ofModel: configuration.modelB)
        return try RunManifest(
            software: software, configuration: named, modelA: try fingerprintA.value().hex,
            modelB: try fingerprintB.value().hex, data: files)
    }

    /// What a model is called wherever it lies: a folder by its name, one of the hub's by its id.
    static func name(ofModel path: String) -> String {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return exists && isFolder.boolValue ? name(ofFile: path) : path
    }

    private static func name(ofFile path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
    }
}

extension RunConfiguration {
    /// The same without the files that no experiment reads.
    fileprivate var withReadFilesOnly: RunConfiguration {
        var read = self
        if !experiments.contains(.projection) { read.training.files = [] }
        read.evaluation.files = evaluation.files.filter { experiments.contains(.evaluate(task: $0.key)) }
        return read
    }
}
