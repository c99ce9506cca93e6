import Foundation
import Run
import Storage
import Testing

@testable import CoordinatorHost

/// Journals with records that are not of the run, or not of this version of the program.
struct ForeignJournalTests {
    private static let inputs: RunInputs = {
        var configuration = RunConfiguration(
            modelA: "", modelB: "", channels: [Channel(k: 0, j: 0)], experiments: [.similarity])
        configuration.similarity.layers = [0]
        return RunInputs(synthetic: configuration, activations: nil)
    }()

    private static let answer = SimilarityResult(plain: WrittenText(text: "x"), injected: WrittenText(text: "y"))

    /// What comes back of a journal with these records.
    private static func results(_ records: [Data]) throws -> RunResults {
        let storage = MemoryStorage()
        try inputs.manifest.write(to: storage)
        do {
            let journal = try storage.journal { _ in }
            for record in records { try journal.append(record) }
            try journal.commit()
        }
        return try RunResults(inputs, storage: storage)
    }

    /// Fields of a protobuf message, of less than 128 bytes.
    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }

    private static func field(_ number: UInt8, _ value: UInt8) -> [UInt8] { [number << 3, value] }

    /// A result of similarity as protocol version 2 had it: the stage is a number, and an answer its text alone.
    private static func recordOfVersion2(run: String) -> Data {
        let unit = field(1, 3) + field(2, 0)
        let answers = field(1, field(2, Array("x".utf8))) + field(2, field(2, Array("y".utf8)))
        let result = field(1, Array(run.utf8)) + field(2, 0) + field(3, unit) + field(6, answers)
        let header = field(4, result)
        var record = Data()
        for number in [1, header.count] {
            withUnsafeBytes(of: UInt64(number).littleEndian) { record.append(contentsOf: $0) }
        }
        return record + header
    }

    @Test func `records of another run are passed over`() throws {
        let unit = UnitID(.similarity, 0)
        let own = ResultRecord(run: Self.inputs.manifest.run, unit: unit, result: .similarity(Self.answer))
        let other = ResultRecord(run: "another", unit: unit, result: .similarity(Self.answer))
        #expect(try Self.results([Data(other.bytes)]).results.isEmpty)
        #expect(try Self.results([Data(other.bytes), Data(own.bytes)]).results.count == 1)
    }

    @Test(arguments: ["another", inputs.manifest.run])
    func `records of the release before are refused in one line that names journal and record`(run: String) throws {
        let error = try #require(throws: HostError.self) { _ = try Self.results([Self.recordOfVersion2(run: run)]) }
        let text = "\(error)"
        #expect(text.hasPrefix("memory/journal: made by another version of the program (record at byte "), "\(text)")
        #expect(text.hasSuffix("); go on with that version, or name another --output"), "\(text)")
        #expect(!text.contains("\n"))
    }
}
