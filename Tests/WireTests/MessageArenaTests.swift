import CWireMessages
import Testing

@testable import Wire

struct MessageArenaTests {
    /// Whether the header is unpacked within `budget` bytes.
    private func unpacks(_ header: [UInt8], budget: Int) -> Bool {
        let arena = MessageArena(budget: budget)
        defer { arena.free() }
        return header.withUnsafeBytes { bytes in
            (try? arena.unpack(bytes, wire__coordinator_envelope__unpack)) != nil
        }
    }

    @Test(arguments: Sample.coordinator)
    func `a header is refused wherever its memory runs out`(sample: Sample) throws {
        let header = sample.header.encoded
        let enough = try #require((0..<100_000).first { unpacks(header, budget: $0) })
        // What is left decides at which allocation protobuf-c fails; all of them were tried on the way.
        #expect(enough > 0)
        for budget in enough...(enough + 100) {
            #expect(unpacks(header, budget: budget))
        }
    }

    @Test func `nothing is given beyond the budget`() {
        let arena = MessageArena(budget: 1000)
        defer { arena.free() }
        #expect(arena.allocate(byteCount: 1001) == nil)
        #expect(arena.allocate(byteCount: .max) == nil)
        #expect(arena.allocate(byteCount: -1) == nil)
        var given = 0
        while arena.allocate(byteCount: 100) != nil { given += 100 }
        #expect(given > 0 && given <= 1000)
    }
}
