import Foundation
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(8))) struct RoundTripTests {
    @Test(arguments: ["tcp", "ipc"])
    func `a message and its answer arrive`(scheme: String) async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint(scheme))
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello", "", "world")
            let question = try await stations[0].received.next()
            #expect(text(question) == ["hello", "", "world"])
            try await stations[0].reply("answer", to: question.peer)
            #expect(text(try await stations[1].received.next()) == ["answer"])
            #expect(try await stations[0].events.next() == .connected)
            #expect(try await stations[1].events.first { $0 == .connected } == .connected)
        }
    }

    @Test func `many messages arrive in order`() async throws {
        try await withStations(2) { stations in
            var options = SocketOptions()
            options.sendHighWaterMark = 10  // Most of them wait in the socket's own queue.
            options.maximumQueuedMessages = 20_000
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options)
            try await stations[1].connect(to: endpoint, options)
            try await stations[1].perform { station in
                for number in 0..<20_000 { try station.dealer?.send([Frame(Array("\(number)".utf8))]) }
            }
            for number in 0..<20_000 {
                guard text(try await stations[0].received.next()) == ["\(number)"] else {
                    Issue.record("message \(number) is another")
                    return
                }
            }
        }
    }

    /// An owner of memory that tells when it is released.
    private final class Memory: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
        let released: Mailbox<Void>

        init(count: Int, released: Mailbox<Void>) {
            bytes = .allocate(byteCount: count, alignment: 8)
            self.released = released
            for index in stride(from: 0, to: count, by: 4096) { bytes[index] = UInt8(truncatingIfNeeded: index >> 12) }
        }

        deinit {
            bytes.deallocate()
            released.put(())
        }
    }

    @Test(arguments: ["tcp", "ipc"])
    func `a large frame is sent in place, and its owner released afterwards`(scheme: String) async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint(scheme), echo: true)
            try await stations[1].connect(to: endpoint)
            let released = Mailbox<Void>()
            let count = 50_000_000
            do {
                let memory = Memory(count: count, released: released)
                memory.bytes.initializeMemory(as: UInt8.self, repeating: 9)
                try await stations[1].send([Frame(UnsafeRawBufferPointer(memory.bytes), ownedBy: memory)])
            }
            try await released.next()
            let answer = try await stations[1].received.next()
            #expect(answer.frames.map(\.count) == [count])
            #expect(answer.frames.first?.withUnsafeBytes { $0.allSatisfy { $0 == 9 } } == true)
        }
    }

    @Test func `an array that is changed after sending arrives as it was`() async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"))
            try await stations[1].connect(to: endpoint)
            var array = [UInt8](repeating: 1, count: 3_000_000)
            var data = Data(repeating: 2, count: 3_000_000)
            try await stations[1].send([Frame(array), Frame(data)])
            for index in array.indices { array[index] = 7 }
            data.resetBytes(in: 0..<data.count)
            let letter = try await stations[0].received.next()
            #expect(letter.frames.map(\.count) == [3_000_000, 3_000_000])
            #expect(letter.frames[0].bytes.allSatisfy { $0 == 1 })
            #expect(letter.frames[1].data.allSatisfy { $0 == 2 })
        }
    }

    @Test func `frames up to the limit arrive, and above it are dropped and reported`() async throws {
        try await withStations(2) { stations in
            var options = SocketOptions()
            options.maximumFrames = 100
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options)
            try await stations[1].connect(to: endpoint)
            try await stations[1].send((0..<101).map { _ in Frame([1]) })
            try await stations[1].send((0..<100).map { Frame([UInt8($0)]) })
            let letter = try await stations[0].received.next()
            #expect(letter.bytes == (0..<100).map { [UInt8($0)] })
            let event = try await stations[0].events.first { $0 != .connected }
            #expect(event == .messageRefused(letter.peer, frames: 101, maximum: 100))
        }
    }

    @Test func `a message that is too large ends its connection and no other`() async throws {
        try await withStations(3) { stations in
            var options = SocketOptions()
            options.maximumFrameBytes = 100_000
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options)
            try await stations[1].connect(to: endpoint)
            try await stations[2].connect(to: endpoint)
            try await stations[2].send("before")
            #expect(text(try await stations[0].received.next()) == ["before"])
            try await stations[1].send([Frame([UInt8](repeating: 0, count: 100_001))])
            _ = try await stations[1].events.first { $0 == .disconnected }
            try await stations[2].send([Frame([UInt8](repeating: 0, count: 100_000))])
            #expect(try await stations[0].received.next().frames[0].count == 100_000)
        }
    }

    @Test func `what is sent before stopping arrives`() async throws {
        try await withStations(2) { stations in
            var options = SocketOptions()
            options.sendHighWaterMark = 2
            options.linger = .seconds(30)
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options)
            try await stations[1].connect(to: endpoint, options)
            try await stations[1].perform { station in
                for number in 0..<200 { try station.dealer?.send([Frame([UInt8(number)])]) }
            }
            await stations[1].loop.stop()
            for number in 0..<200 { #expect(try await stations[0].received.next().bytes == [[UInt8(number)]]) }
        }
    }
}
