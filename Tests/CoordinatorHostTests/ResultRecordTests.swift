import Foundation
import Run
import Storage
import TestSupport
import Testing

@testable import CoordinatorHost

struct ResultRecordTests {
    private static let results: [(UnitID, UnitResult)] = [
        (
            UnitID(.extract, 3),
            .extract(
                ExtractResult(
                    a: [FloatMatrix(rows: 2, columns: 3, values: [1, -0.0, 3, 4, .leastNonzeroMagnitude, 6])],
                    b: [
                        FloatMatrix(rows: 2, columns: 1, values: [7, 8]),
                        FloatMatrix(rows: 2, columns: 1, values: [9, 10]),
                    ]))
        ),
        (
            UnitID(.evaluate(task: "gsm8k"), 0),
            .evaluate(
                EvaluateResult(items: [
                    ItemAnswers(answers: [Continuation(tokens: [1, 2], text: "a\u{0}é\u{301}", omittedPromptTokens: 5)])
                ]))
        ),
    ]

    @Test func `a record comes back from the journal as it was, with the same digest`() throws {
        let folder = try TemporaryFolder()
        let written = Self.results.map { ResultRecord(run: "run", unit: $0.0, result: $0.1) }
        do {
            let journal = try Journal(folder: folder.url) { _ in }
            for record in written { try record.append(to: journal) }
            try journal.commit()
        }
        var read: [(run: String, record: ResultRecord)] = []
        _ = try Journal(folder: folder.url) { read.append(try ResultRecord.decode($0.payload)) }
        #expect(read.map(\.run) == ["run", "run"])
        #expect(read.map(\.record.unit) == written.map(\.unit))
        #expect(read.map(\.record.result) == written.map(\.result))
        #expect(read.map(\.record.digest) == written.map(\.digest))
    }

    @Test func `the digest depends on every bit of the result`() {
        func digest(_ value: Float) -> String {
            let matrix = FloatMatrix(rows: 1, columns: 1, values: [value])
            return ResultRecord(
                run: "run", unit: UnitID(.extract, 0), result: .extract(ExtractResult(a: [matrix], b: [matrix]))
            ).digest
        }
        #expect(digest(1) == digest(1))
        #expect(digest(1) != digest(Float(1).nextUp))
        #expect(digest(0) != digest(-0.0))
    }

    @Test func `bytes that are no record are an error, never a trap`() throws {
        var random = NamedGenerator(seed: 3, purpose: "no records")
        for _ in 0..<5_000 {
            let bytes = (0..<random.index(below: 80)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            #expect(throws: (any Error).self) { try ResultRecord.decode(Data(bytes)) }
        }
    }
}
