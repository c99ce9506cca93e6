import Foundation
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(8))) struct MessageLoopTests {
    @Test func `timers fire in the order of their deadlines, and not early`() async throws {
        try await withStations(1) { stations in
            let fired = Mailbox<(Int, early: Bool)>()
            await stations[0].perform { station in
                let start = station.loop.now
                for (number, milliseconds) in [(2, 20), (0, 5), (3, 20), (1, 10), (4, 21)] as [(Int, Int64)] {
                    let deadline = start + milliseconds * 1_000_000
                    station.loop.schedule(at: deadline) { [loop = station.loop] in
                        fired.put((number, early: loop.now < deadline))
                    }
                }
            }
            for number in 0..<5 {
                let next = try await fired.next()
                #expect(next == (number, false))
            }
        }
    }

    @Test func `a cancelled timer does not fire`() async throws {
        try await withStations(1) { stations in
            let fired = Mailbox<Int>()
            await stations[0].perform { station in
                let first = station.loop.schedule(after: .milliseconds(1)) { fired.put(1) }
                station.loop.schedule(after: .milliseconds(5)) { fired.put(2) }
                first.cancel()
            }
            let next = try await fired.next()
            #expect(next == 2)
        }
    }

    @Test func `a timer that sets itself again leaves room for others`() async throws {
        final class Ticker: @unchecked Sendable {
            var isOn = true
            func tick(_ loop: MessageLoop) {
                if isOn { loop.schedule(at: loop.now) { self.tick(loop) } }
            }
        }
        try await withStations(2) { stations in
            let ticker = Ticker()
            await stations[0].perform { ticker.tick($0.loop) }
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), echo: true)
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            #expect(text(try await stations[1].received.next()) == ["hello"])
            await stations[0].perform { _ in ticker.isOn = false }
        }
    }

    @Test func `jobs of many tasks run one at a time`() async throws {
        actor Counter {
            let loop: MessageLoop
            nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
            var count = 0
            init(_ loop: MessageLoop) { self.loop = loop }
            func increment() { count += 1 }
        }
        let loop = try MessageLoop(name: "counter")
        let counter = Counter(loop)
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<1000 { await counter.increment() } } }
        }
        #expect(await counter.count == 8000)
        await loop.stop()
    }

    @Test func `an actor outlives its loop, and its sockets do not`() async throws {
        let station = try Station()
        let endpoint = try await station.listen(at: freshEndpoint("tcp"))
        try await station.connect(to: endpoint)
        await station.loop.stop()
        await station.loop.stop()
        #expect(await station.perform { _ in 42 } == 42)
        await #expect(throws: TransportError.closed(endpoint)) { try await station.send("too late") }
        await #expect(throws: TransportError.self) { try await station.listen(at: freshEndpoint("tcp")) }
    }

    @Test func `stopping is possible from the loop itself`() async throws {
        actor Host {
            let loop: MessageLoop
            nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
            init() throws { loop = try MessageLoop(name: "host") }
            func finish() async -> Int {
                await loop.stop()
                return 7
            }
        }
        let host = try Host()
        #expect(await host.finish() == 7)
    }

    @Test func `many loops start and stop`() async throws {
        for _ in 0..<50 {
            let station = try Station()
            try await station.listen(at: freshEndpoint("ipc"))
            await station.loop.stop()
        }
    }
}
