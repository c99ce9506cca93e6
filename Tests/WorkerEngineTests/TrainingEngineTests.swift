import CPUDevice
import Projection
import Run
import TestSupport
import Testing

@testable import WorkerEngine

/// What a worker keeps for blocks of W's outputs, and what it says where something is missing.
struct TrainingEngineTests {
    private static let unit = TrainOutputsUnit(
        channel: Channel(k: 2, j: 4), outputs: 0..<8, dimensionA: 4, dimensionB: 16,
        schedule: TrainingSchedule(textCount: 40, epochs: 1, batch: 8, shardTexts: 4, seed: 1), learningRate: 1e-3,
        initialization: .xavier)
    private static let targets = FloatMatrix(zeros: 40, 8)

    private func part(_ texts: Range<Int>, at site: Site = .a(2)) -> TextActivations {
        TextActivations(site: site, texts: Array(texts), values: FloatMatrix(zeros: texts.count, 4))
    }

    private func error(_ engine: TrainingEngine) -> EngineError? {
        var engine = engine
        do {
            _ = try engine.result(Self.unit, targets: Self.targets)
            return nil
        } catch {
            return error as? EngineError
        }
    }

    @Test func `a block is trained on parts of the activations and on texts that the worker read itself`() throws {
        let device = try CPUDevice(threads: 1)
        var random = SeededGenerator(seed: 3)
        func drawn(_ columns: Int) -> FloatMatrix {
            FloatMatrix(
                rows: 40, columns: columns, values: (0..<40 * columns).map { _ in .random(in: -1...1, using: &random) })
        }
        let (a, targets) = (drawn(4), drawn(8))
        func rows(_ texts: Range<Int>) -> FloatMatrix {
            FloatMatrix(rows: texts.count, columns: 4, values: texts.flatMap { a[row: $0] })
        }
        var engine = TrainingEngine(device: device)
        engine.keep(TextActivations(site: .a(2), texts: Array(32..<40), values: rows(32..<40)))
        engine.keep(
            ExtractUnit(
                firstText: 0, texts: [String](repeating: "", count: 32), maximumTokens: 1, sitesOfA: [2],
                sitesOfB: [4]),
            ExtractResult(a: [rows(0..<32)], b: [FloatMatrix(zeros: 32, 16)]))
        let expected = try OutputBlockTraining.result(
            Self.unit, x: (0..<40).map { a[row: $0] }, y: targets, on: device)
        let result = try engine.result(Self.unit, targets: targets)
        #expect(result == expected)
        #expect(result.w.rows == 8 && result.squaredErrorSums.count == 10)
    }

    @Test func `a text that is missing is named, and all is to be sent again`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        engine.keep(part(0..<17))
        #expect(
            error(engine)?.description
                == "the unit reads text 17, and its activations of A after 2 blocks were not sent")
        #expect(error(engine)?.isUnprepared == true)
    }

    @Test func `a block that takes more memory than there is is refused with both figures, not tried`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1), memoryLimit: 0x1p20)
        var unit = Self.unit
        unit.schedule = TrainingSchedule(textCount: 1 << 20, epochs: 1, batch: 8, shardTexts: 4, seed: 1)
        let found = #expect(throws: EngineError.self) { try engine.result(unit, targets: Self.targets) }
        #expect(found?.description.contains("of 1048576 texts take") == true)
        #expect(found?.description.contains("1 MiB") == true && found?.isUnprepared == false)
        // Nor are activations kept beyond it: of four floats each, 65,536 fill it.
        for first in stride(from: 0, to: 1 << 20, by: 1 << 14) { engine.keep(part(first..<first + 1 << 14)) }
        #expect(engine.activations[.a(2), 65_535] != nil && engine.activations[.a(2), 65_536] == nil)
        unit.schedule = TrainingSchedule(textCount: 1, epochs: 1, batch: 1, shardTexts: 1, seed: 1)
        #expect(throws: Never.self) { try engine.result(unit, targets: FloatMatrix(zeros: 1, 8)) }
        unit.schedule = Self.unit.schedule
        #expect(throws: Never.self) { try engine.result(unit, targets: Self.targets) }
    }

    @Test func `activations of another site do not stand in`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        engine.keep(part(0..<40, at: .a(3)))
        #expect(
            error(engine)?.description == "the unit reads text 0, and its activations of A after 2 blocks were not sent"
        )
    }

    @Test func `activations that come ahead of units make room for themselves; what was read does not`() throws {
        // Room for a hundred texts of one site.
        var memory = ActivationMemory(limit: 1600)
        memory.keepMakingRoom(part(0..<80, at: .a(1)))
        memory.keepWithinLimit(part(0..<40, at: .a(2)))
        #expect(memory[.a(1), 79] != nil && memory[.a(2), 0] == nil)
        memory.keepMakingRoom(part(0..<40, at: .a(2)))
        #expect(memory[.a(1), 79] == nil && memory[.a(2), 39] != nil)
        memory.keepMakingRoom(part(40..<140, at: .a(2)))
        #expect(memory[.a(2), 39] != nil && memory[.a(2), 40] == nil)
        // What a unit at hand needs is kept in any case.
        memory.keep(part(40..<140, at: .a(2)))
        #expect(memory[.a(2), 139] != nil)
    }

    @Test func `each channel's W is held by itself`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        let channels = [Channel(k: 2, j: 2), Channel(k: 2, j: 4)]
        func grant(_ channel: Channel, _ supply: ProjectionSupply) -> Grant {
            Grant(
                lease: LeaseID(1), id: UnitID(.similarity, 0),
                unit: .train(TrainUnit(step: 0, texts: [], dense: false)),
                projection: GrantedProjection(channel: channel, version: 9, supply: supply))
        }
        for (channel, value) in zip(channels, [Float(1), 2]) {
            #expect(try engine.projections(of: channel) == nil)
            #expect(throws: EngineError.self) { try engine.prepare(grant(channel, .held)) }
            let w = FloatMatrix(rows: 1, columns: 1, values: [value])
            try engine.prepare(grant(channel, .whole(w, moments: nil)))
        }
        for (channel, value) in zip(channels, [Float(1), 2]) {
            try engine.prepare(grant(channel, .held))
            #expect(try engine.projections(of: channel)?.map(\.matrix.values) == [[value]])
        }
    }

    @Test func `of the W's that travelled those used last are kept`() throws {
        var engine = TrainingEngine(device: try CPUDevice(threads: 1))
        let channels = (0...MessageLimits.heldProjections).map { Channel(k: $0, j: 0) }
        func prepare(_ channel: Channel, _ supply: ProjectionSupply) throws {
            try engine.prepare(
                Grant(
                    lease: LeaseID(1), id: UnitID(.similarity, 0),
                    unit: .train(TrainUnit(step: 0, texts: [], dense: false)),
                    projection: GrantedProjection(channel: channel, version: 9, supply: supply)))
        }
        let w = ProjectionSupply.whole(FloatMatrix(rows: 1, columns: 1, values: [1]), moments: nil)
        for channel in channels.dropLast() { try prepare(channel, w) }
        // The first is used again, so the second gives way.
        try prepare(channels[0], .held)
        try prepare(channels[channels.count - 1], w)
        #expect(throws: EngineError.self) { try prepare(channels[1], .held) }
        for channel in channels where channel != channels[1] { try prepare(channel, .held) }
    }
}
