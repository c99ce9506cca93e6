import Foundation
import ModelFolders
import Models
@testable import ReferenceDevice
import Tensors
import TestSupport
import Testing
import Weights

@Suite struct SmokeTests {
    static let folders: [URL] = {
        let assets = Repository.root.appendingPathComponent("Sources/Coordinator/DemoAssets/Assets")
        return ["model-a", "model-b"].map { assets.appendingPathComponent($0) }
            + ["linear-rope-tied", "llama3-rope-sharded"].map { Repository.fixture("Models/\($0)") }
            + ["mistral", "qwen2", "qwen3", "gemma2", "llama-biases", "llama-dynamic", "llama-yarn", "qwen2-yarn"].map {
                Repository.fixture("Families/\($0)")
            }
    }()

    @Test(arguments: folders, ComputeType.allCases)
    func `equal bits`(_ folder: URL, _ type: ComputeType) throws {
        let folder = try ModelFolder(path: folder.path)
        let reference = try ReferenceModel(
            try WeightFiles(folder.weightFiles), folder.configuration, roundsInputs: type == .bfloat16)
        let model = try LanguageModel.load(folder, threads: 1, computeType: type)
        var histories = [History](repeating: History(), count: folder.configuration.blockCount)
        for count in [40] {
            let prompt = (0..<count).map { Int32(($0 * 37 + 11) % folder.configuration.vocabularySize) }
            let trace = try model.trace(of: prompt)
            var streams: [[Float]] = []
            var stream: [Float] = []
            let clock = ContinuousClock()
            let took = clock.measure {
            for token in prompt {
                streams = []
                stream = reference.read(token, &histories) { streams.append($1) }
            }
            }
            let (normed, logits) = reference.logits(stream)
            print(folder.url.lastPathComponent, type, took)
            for (i, (a, b)) in zip(trace.streams, streams).enumerated() {
                #expect(a.map(\.bitPattern) == b.map(\.bitPattern), "\(i)")
            }
            #expect(trace.finalNorm.map(\.bitPattern) == normed.map(\.bitPattern))
            #expect(trace.logits.map(\.bitPattern) == logits.map(\.bitPattern))
        }
    }
}
