import CoordinatorHost
import Foundation
import Storage
import TestSupport
import Testing

struct RunFolderTests {
    @Test func `how far the reading of a journal is can be told, record by record`() throws {
        let temporary = try TemporaryFolder()
        var folder = RunFolder(temporary.url)
        do {
            let journal = try folder.journal { _ in }
            for number in UInt8(0)..<5 { try journal.append(Data(repeating: number, count: 1_000)) }
            try journal.commit()
        }
        let told = Told()
        folder.onReading = { told.note($0, $1) }
        _ = try folder.journal { _ in }
        let size = try Data(contentsOf: temporary.file("journal")).count
        #expect(told.all.count == 5 && told.all.allSatisfy { $0.size == UInt64(size) })
        let read = told.all.map(\.read)
        #expect(read == read.sorted() && read[0] < read[4] && read[4] < UInt64(size))
    }

    private final class Told: @unchecked Sendable {
        private(set) var all: [(read: UInt64, size: UInt64)] = []
        func note(_ read: UInt64, _ size: UInt64) { all.append((read, size)) }
    }
}
