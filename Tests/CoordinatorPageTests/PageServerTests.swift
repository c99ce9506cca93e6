import Foundation
import TestSupport
import Testing

@testable import CoordinatorPage

/// The server and those who look: many, slow ones, and ones that break off.
@Suite(.serialized) struct PageServerTests {
    private static let ask = Array("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)

    private func withServer(
        patienceSeconds: Double = 10, _ body: (PageFeed, String) async throws -> Void
    ) async throws {
        let feed = PageFeed()
        let server = PageServer(
            at: PageAddress(host: "127.0.0.1", port: 0), token: nil, feed: feed, title: "test",
            patienceSeconds: patienceSeconds)
        let address = try await server.start()
        try await body(feed, "tcp://127.0.0.1:\(address.port)")
        await server.stop()
    }

    private func wait(until condition: () -> Bool) async throws -> Bool {
        for _ in 0..<2_000 where !condition() { try await Task.sleep(for: .milliseconds(5)) }
        return condition()
    }

    @Test func `a hundred look, break off, and are forgotten`() async throws {
        try await withServer { feed, endpoint in
            feed.publish(SampleStatus.status())
            var crowd: [PlainConnection] = []
            for _ in 0..<100 {
                let viewer = try PlainConnection(endpoint)
                viewer.send(Self.ask)
                crowd.append(viewer)
            }
            #expect(try await wait { feed.counts.viewers == 100 })
            crowd = []
            #expect(
                try await wait {
                    feed.publish(SampleStatus.status())
                    return feed.counts.viewers == 0
                })
            #expect(feed.counts.dropped == 0)
        }
    }

    @Test func `one who does not read is hung up on, and the others go on`() async throws {
        try await withServer(patienceSeconds: 0.2) { feed, endpoint in
            let viewer = try PlainConnection(endpoint)
            viewer.send(Self.ask)
            #expect(try await wait { feed.counts.viewers == 1 })
            // More than the system takes for it.
            var large = SampleStatus.status()
            large.faults[0].what = String(repeating: "x", count: 32 << 20)
            feed.publish(large)
            #expect(
                try await wait {
                    feed.publish(SampleStatus.status())
                    return feed.counts.dropped == 1
                })
            #expect(try await wait { feed.counts.viewers == 0 })
            let other = try PlainConnection(endpoint)
            other.send(Self.ask)
            #expect(try await wait { feed.counts.viewers == 1 })
            withExtendedLifetime((viewer, other)) {}
        }
    }

    @Test func `connections that come while it ends harm nothing`() async throws {
        for _ in 0..<40 {
            let feed = PageFeed()
            let server = PageServer(
                at: PageAddress(host: "127.0.0.1", port: 0), token: nil, feed: feed, title: "test")
            let port = try await server.start().port
            feed.publish(SampleStatus.status())
            let comers = Thread {
                while let comer = try? PlainConnection("tcp://127.0.0.1:\(port)") { comer.send(Self.ask) }
            }
            comers.start()
            #expect(try await wait { feed.counts.viewers > 0 })
            await server.stop(within: 0)
            #expect(try await wait { comers.isFinished })
        }
    }

    @Test func `an address that is taken is an error that names it`() async throws {
        try await withServer { feed, endpoint in
            let port = try #require(Int(endpoint.split(separator: ":").last ?? ""))
            let second = PageServer(
                at: PageAddress(host: "127.0.0.1", port: port), token: nil, feed: feed, title: "second")
            let error = await #expect(throws: PageError.self) { try await second.start() }
            #expect(
                error?.description
                    == "--page http://127.0.0.1:\(port): cannot listen there: Address already in use")
            await second.stop(within: 0)
        }
    }
}
