import Foundation
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(8))) struct PeerTests {
    /// A client that has introduced itself and then never reads.
    private struct SilentClient {
        let context: Context
        let socket: RawSocket

        init(_ endpoint: Endpoint) throws {
            context = try Context(ioThreads: 1)
            var options = SocketOptions()
            options.receiveHighWaterMark = 1
            options.linger = .zero
            socket = try RawSocket(.dealer, in: context, for: endpoint, options)
            try socket.connect(to: endpoint)
            #expect(socket.send([Frame(Array("silent".utf8))], to: nil) == .sent)
        }

        func close() {
            socket.close()
            context.terminate()
        }
    }

    private var narrow: SocketOptions {
        var options = SocketOptions()
        options.sendHighWaterMark = 1
        options.linger = .zero
        return options
    }

    /// Sends frames of 1 MB to `peer` until `count` of them wait in the queue. The system's buffers take a few more
    /// of them even then, so a test that needs one to go on waiting asks for many.
    private func fill(_ station: Station, for peer: Peer, count: Int) async throws {
        try await station.perform { station in
            guard let router = station.router else { return }
            let megabyte = Frame([UInt8](repeating: 1, count: 1_000_000))
            while router.waiting(for: peer).messages < count { try router.send([megabyte], to: peer) }
        }
    }

    @Test func `an unknown peer is unreachable`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"))
            let peer = Peer(Array("nobody".utf8))
            let error = await #expect(throws: TransportError.unreachable(peer, endpoint)) {
                try await stations[0].reply("hello", to: peer)
            }
            #expect(error?.description == "peer nobody is not connected to \(endpoint)")
        }
    }

    @Test func `a peer that has gone is unreachable`() async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"))
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            let peer = try await stations[0].received.next().peer
            await stations[1].close()
            _ = try await stations[0].events.first { $0 == .disconnected }
            // The connection's end of the pipe is taken down by another command than its event.
            var outcome: TransportError?
            while outcome == nil {
                do {
                    try await stations[0].reply("still there?", to: peer)
                    await Task.yield()
                } catch { outcome = error as? TransportError }
            }
            #expect(outcome == .unreachable(peer, endpoint))
        }
    }

    @Test func `messages that wait for a peer that goes are reported`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), narrow)
            let client = try SilentClient(endpoint)
            let peer = try await stations[0].received.next().peer
            try await fill(stations[0], for: peer, count: 50)
            client.close()
            let event = try await stations[0].events.first {
                if case .unreachable = $0 { true } else { false }
            }
            guard case .unreachable(peer, let dropped) = event else {
                Issue.record("\(event)")
                return
            }
            #expect((1...50).contains(dropped))
            #expect(await stations[0].perform { $0.router?.waiting(for: peer).messages } == 0)
        }
    }

    @Test func `a full queue is an error that names the endpoint`() async throws {
        try await withStations(1) { stations in
            var options = narrow
            options.maximumQueuedMessages = 5
            let endpoint = try await stations[0].listen(at: freshEndpoint("ipc"), options)
            let client = try SilentClient(endpoint)
            let peer = try await stations[0].received.next().peer
            await #expect(throws: TransportError.queueFull(endpoint, messages: 5, bytes: 5_000_000)) {
                try await fill(stations[0], for: peer, count: 6)
            }
            client.close()
        }
    }

    @Test func `a peer that does not read holds up no other`() async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), narrow)
            let client = try SilentClient(endpoint)
            let silent = try await stations[0].received.next().peer
            try await fill(stations[0], for: silent, count: 50)
            try await stations[1].connect(to: endpoint)
            for number in 0..<100 {
                try await stations[1].send("question \(number)")
                let question = try await stations[0].received.next()
                try await stations[0].reply("answer \(number)", to: question.peer)
                #expect(text(try await stations[1].received.next()) == ["answer \(number)"])
            }
            client.close()
        }
    }

    @Test func `a dealer finds a server that comes back at its port`() async throws {
        try await withStations(3) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"))
            var options = SocketOptions()
            options.reconnectInterval = .milliseconds(10)
            options.maximumReconnectInterval = .milliseconds(50)
            try await stations[1].connect(to: endpoint, options)
            _ = try await stations[1].events.first { $0 == .connected }
            await stations[0].loop.stop()
            _ = try await stations[1].events.first { $0 == .disconnected }
            #expect(try await stations[2].listen(at: endpoint) == endpoint)
            _ = try await stations[1].events.first { $0 == .connected }
            try await stations[1].send("here again")
            #expect(text(try await stations[2].received.next()) == ["here again"])
        }
    }

    @Test func `a dealer that is early says so, and delivers later`() async throws {
        try await withStations(3) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"))
            await stations[0].loop.stop()
            var options = SocketOptions()
            options.reconnectInterval = .milliseconds(10)
            options.maximumReconnectInterval = .milliseconds(50)
            try await stations[1].connect(to: endpoint, options)
            try await stations[1].send("early")
            _ = try await stations[1].events.first { if case .retrying = $0 { true } else { false } }
            try await stations[2].listen(at: endpoint)
            #expect(text(try await stations[2].received.next()) == ["early"])
        }
    }

    @Test func `heartbeats notice a peer that has fallen silent`() async throws {
        try await withStations(1) { stations in
            var options = SocketOptions()
            options.heartbeat = .init(interval: .milliseconds(20), timeout: .milliseconds(100))
            let endpoint = try await stations[0].listen(at: freshEndpoint("ipc"), options)
            let client = try UnixClient.connected(to: try #require(endpoint.path))
            // It introduces itself, and from then on gives not a sign of life.
            try client.send(ZMTP.greeting + ZMTP.ready)
            #expect(try await stations[0].events.next() == .connected)
            #expect(try await stations[0].events.next() == .disconnected)
            withExtendedLifetime(client) {}
        }
    }

    @Test func `a stranger who speaks something else is reported and harms nobody`() async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("ipc"))
            let path = try #require(endpoint.path)
            let stranger = try UnixClient.connected(to: path)
            try stranger.send(ZMTP.greeting + ZMTP.command("HELLO"))
            let event = try await stations[0].events.next()
            guard case .handshakeFailed = event else {
                Issue.record("\(event)")
                return
            }
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            #expect(text(try await stations[0].received.next()) == ["hello"])
        }
    }
}
