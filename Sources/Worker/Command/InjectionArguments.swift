import ActivationFiles
import ArgumentParser
import Console
import Foundation
import Run

/// Which activations are written where.
struct InjectionArguments: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("File of an activation to inject.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var inject: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Which of the file's activations: its block count (where there are several).", valueName: "k"))
    var layerK: [ValueList<Int>] = []

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("File of the projection W.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var projection: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Write after so many blocks; 0 is the embedding.", valueName: "j"))
    var layerJ: [ValueList<Int>] = []

    /// Whether nothing is said of where.
    var areEmpty: Bool { layerK.isEmpty && layerJ.isEmpty && projection.isEmpty }

    func validate() throws {
        guard !inject.isEmpty else { return }
        let written: [Int] = layerJ.elements()
        guard let first = written.first else {
            throw ValidationError("--inject needs --layer-j: after how many blocks")
        }
        for j in written where j < 0 { throw ValidationError("--layer-j \(j): expected 0 or more") }
        do {
            _ = try Channel(written.map { Channel.Link(k: 0, j: $0) })
        } catch {
            throw ValidationError("--layer-j: \(error)")
        }
        let count = written.count
        let read: [Int] = layerK.elements()
        for (flag, given, others) in [
            ("--inject", inject.count, [1]), ("--layer-k", read.count, count == 1 ? [0] : []),
            ("--projection", projection.count, [0]),
        ] as [(String, Int, [Int])] where given != count && !others.contains(given) {
            // Of several files each may hold one layer, which need not be named.
            if flag == "--layer-k", given == 0, inject.count == count { continue }
            throw ValidationError(
                "\(flag): \(given) given for \(count) block\(count == 1 ? "" : "s") of --layer-j (\(first)\(count == 1 ? "" : ", …")); "
                    + "expected one for each")
        }
    }

    /// A place to write at, and what.
    struct Site {
        let file: ActivationFile
        let k: Int
        let j: Int
        let projection: String?
    }

    /// None where nothing is injected.
    func read() throws -> [Site] {
        guard !inject.isEmpty else { return [] }
        let files = try inject.map { try ActivationFile(URL(fileURLWithPath: $0)) }
        let (read, written): ([Int], [Int]) = (layerK.elements(), layerJ.elements())
        return try written.enumerated().map { place, j in
            let of = files.count == 1 ? 0 : place
            return Site(
                file: files[of], k: try read.isEmpty ? layer(in: files[of], path: inject[of]) : read[place], j: j,
                projection: projection.isEmpty ? nil : projection[place])
        }
    }

    private func layer(in file: ActivationFile, path: String) throws(UsageError) -> Int {
        guard let only = file.layers.first, file.layers.count == 1 else {
            let found = file.layers.map(String.init).joined(separator: ", ")
            throw UsageError(
                "\(path): expected the activation of one layer, found layers \(found); choose one with --layer-k")
        }
        return only
    }
}
