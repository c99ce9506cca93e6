package import Foundation
import Run
import Storage

/// The activations that an earlier run has read, in its folder.
package struct ForeignActivations: Sendable {
    fileprivate let folder: RunFolder
    fileprivate let manifest: RunManifest

    /// Finds them.
    /// - Throws: where the folder holds no run that has read texts, or one whose description cannot be used.
    package init(_ folder: URL) throws {
        self.folder = RunFolder(folder)
        guard let manifest = try RunManifest.read(from: self.folder), manifest.reading != nil else {
            throw HostError.noActivations(folder: folder.path)
        }
        self.manifest = manifest
    }

    /// Hands over what of a run's extraction is there, unit by unit, as if its own workers had read it.
    /// - Throws: where it was another's: other models, texts, types or sites.
    func take(for inputs: RunInputs, _ body: (_ unit: UnitID, _ result: ExtractResult) throws -> Void) throws {
        let differences = try differences(from: inputs)
        guard differences.isEmpty else {
            throw HostError.otherActivations(folder: folder.path, differences: differences)
        }
        let places = inputs.plan.sites.map { manifest.reading?.sites.firstIndex(of: $0) ?? 0 }
        let countA = inputs.plan.sites.count { $0.model == .a }
        try Journal.read(folder: folder.url) { entry in
            guard let (run, record) = try? ResultRecord.decode(entry.payload), run == manifest.run,
                case .extract(let result) = record.result
            else { return }
            let all = result.a + result.b
            guard all.count == manifest.reading?.sites.count else { return }
            let chosen = places.map { all[$0] }
            let own = ExtractResult(a: Array(chosen[..<countA]), b: Array(chosen[countA...]))
            if inputs.flaw(of: .extract(own), for: record.unit) == nil { try body(record.unit, own) }
        }
    }

    /// What was read otherwise than the run would read it, in words.
    private func differences(from inputs: RunInputs) throws -> [String] {
        guard let reading = manifest.reading, let own = inputs.manifest.reading else { return ["texts"] }
        let missing = own.sites.filter { !reading.sites.contains($0) }
        let compared: [(String, Bool)] = [
            ("model A", manifest.modelA == inputs.manifest.modelA),
            ("model B", manifest.modelB == inputs.manifest.modelB),
            ("compute type", manifest.configuration.computeType == inputs.configuration.computeType),
            ("texts", (reading.texts, reading.count) == (own.texts, own.count)),
            ("tokens of a text", reading.maximumTokens == own.maximumTokens),
            ("how prompts are read", reading.prompts == own.prompts),
            ("sites: \(missing.map(\.description).joined(separator: ", ")) missing", missing.isEmpty),
        ]
        return compared.filter { !$0.1 }.map(\.0)
    }
}

extension RunManifest {
    /// Notes the kinds of device that activations were computed on: whoever goes on is of the same.
    /// - Returns: whether any of them is new.
    /// - Throws: where they are of another kind than the run's results, and no mix is allowed.
    mutating func admit(_ foreign: ForeignActivations, mixed: Bool) throws(HostError) -> Bool {
        let kinds = Set(deviceKinds + foreign.manifest.deviceKinds)
        guard kinds.count <= 1 || mixed else {
            throw .otherActivations(folder: foreign.folder.path, differences: ["device kind"])
        }
        guard kinds.count > deviceKinds.count else { return false }
        deviceKinds = kinds.sorted()
        return true
    }
}
