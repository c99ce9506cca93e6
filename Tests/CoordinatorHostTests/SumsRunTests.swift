import DemoAssets
import Foundation
import Reports
import Run
import Storage
import TestSupport
import Testing

@testable import CoordinatorHost

/// The sums that maps in closed form are made of: on the disk until the maps are made, and never all in memory.
struct SumsRunTests {
    private let temporary: TemporaryFolder
    private static let lines = [2, 4].flatMap { k in [1, 3].map { Channel(k: k, j: $0, fit: .ridge) } }

    init() throws { temporary = try TemporaryFolder() }

    private static func inputs(_ lines: [Channel] = lines) throws -> RunInputs {
        var configuration = RunConfiguration(
            modelA: DemoAssets.modelA, modelB: DemoAssets.modelB, channels: lines, experiments: [.projection])
        configuration.training.files = [DemoAssets.corpus]
        configuration.training.rows = 40
        configuration.training.reverse = true
        return try RunInputs(configuration, software: "1")
    }

    private func files(_ folder: String, _ channels: [Channel]) throws -> [Data] {
        try channels.flatMap { [$0, $0.reversed] }.map { channel in
            let (a, b) = channel.isReverse ? (96, 128) : (128, 96)
            let name = RunFiles.projection(dimensionA: a, dimensionB: b, channel: channel)
            return try Data(contentsOf: temporary.file(folder).appendingPathComponent(name))
        }
    }

    @Test func `no unit's sums are kept in memory, and a coordinator that comes back goes on with those on disk`()
        throws
    {
        let inputs = try Self.inputs()
        let whole = try InProcessRun(inputs, in: temporary.file("whole"))
        var largest = 0
        _ = try whole.finish { result in
            if case .sums(let sums) = result { largest = max(largest, sums.products.count) }
            #expect(!whole.live.results.keys.contains { $0.stage == .sums })
            return result
        }
        #expect(largest == 129 * 129)
        // Two units of texts, then ten of each of eight parts.
        #expect(inputs.plan[.sums]?.total == 10 * (2 + 2 + 4))
        for limit in [7, 40, 81] {
            let name = "cut after \(limit)"
            // The first coordinator is gone before the second comes.
            do { try InProcessRun(inputs, in: temporary.file(name)).work(results: limit) }
            let second = try InProcessRun(inputs, in: temporary.file(name))
            #expect(second.live.recovery.units == limit)
            _ = try second.finish()
            #expect(try files(name, Self.lines) == files("whole", Self.lines), "\(limit)")
        }
    }

    @Test func `each line's maps are those of a run with it alone`() throws {
        _ = try InProcessRun(Self.inputs(), in: temporary.file("whole")).finish()
        for line in Self.lines {
            let name = "\(line.k) \(line.j)"
            _ = try InProcessRun(Self.inputs([line]), in: temporary.file(name)).finish()
            // What stands before the tensors names the run.
            for (one, other) in zip(try files(name, [line]), try files("whole", [line])) {
                #expect(one.suffix(4 * 96 * 128) == other.suffix(4 * 96 * 128), "\(line)")
            }
        }
    }

    @Test func `what is held of the sums at a time does not grow with the lines`() throws {
        let (one, all) = (try Self.inputs([Self.lines[0]]), try Self.inputs())
        #expect(one.bytesOfLine == all.bytesOfLine && one.largestFrame == all.largestFrame)
        #expect(all.bytesOfSums > one.bytesOfSums && all.bytesOfSums < 4 * one.bytesOfSums)
    }
}
