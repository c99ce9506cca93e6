import CZMQ
import Foundation
import TestSupport
import Testing

@testable import Transport

/// What anybody who can connect may try, with its bound.
@Suite(.timeLimit(.minutes(2))) struct AttackTests {
    private func options(_ change: (inout SocketOptions) -> Void) -> SocketOptions {
        var options = SocketOptions()
        change(&options)
        return options
    }

    @Test func `no peer chooses its identity, nor takes one that libzmq might draw`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint("tcp"), options { $0.security = .openServer }, echo: true)
            let context = try Context(ioThreads: 1)
            var clients: [RawSocket] = []
            // Claims of what libzmq draws first where nobody has seeded it, and of names; others claim nothing.
            for number in 0..<48 {
                let client = try RawSocket(.dealer, in: context, for: endpoint, options { $0.security = .open })
                let drawn = withUnsafeBytes(of: (0x6B8B_4567 + UInt32(number)).bigEndian) { [0] + Array($0) }
                // libzmq itself refuses to claim one that begins with 0, so the first byte stands for it.
                let claim: [UInt8] = number % 2 == 0 ? [1] + drawn.dropFirst() : Array("worker".utf8)
                if number % 3 > 0 { zmq_setsockopt(client.handle, ZMQ_ROUTING_ID, claim, claim.count) }
                try client.connect(to: endpoint)
                #expect(client.send([Frame(Array("\(number)".utf8))], to: nil) == .sent)
                clients.append(client)
            }
            // Each is answered although all of the odd ones claim the same name.
            for (number, client) in clients.enumerated() {
                #expect(try answer(client) == Array("\(number)".utf8))
            }
            for client in clients { client.close() }
            context.terminate()
        }
    }

    /// What the client gets within some seconds.
    private func answer(_ client: RawSocket) throws -> [UInt8]? {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if case .message(let frames) = client.receive(maximumFrames: 4) { return frames.first?.bytes }
            usleep(1_000)
        }
        return nil
    }

    @Test func `identities are given by the side that listens`() async throws {
        try await withStations(3) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options { $0.security = .openServer })
            for station in stations.dropFirst() {
                try await station.connect(to: endpoint, options { $0.security = .open })
                try await station.send("hello")
            }
            for _ in 0..<2 {
                let peer = try await stations[0].received.next().peer
                #expect(peer.bytes.count == 9 && peer.bytes.first == 1)
            }
        }
    }

    @Test func `a connection that says nothing is closed, one that speaks stays`() async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint("tcp"), options { $0.introductionTimeout = .milliseconds(500) })
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            let silent = try PlainConnection(endpoint.text)
            #expect(silent.isHungUpOn(within: 10))
            _ = try await stations[0].events.first { $0 == .silent(connections: 1, address: "127.0.0.1") }
            let peer = try await stations[0].received.next().peer
            try await stations[0].reply("still there", to: peer)
            #expect(text(try await stations[1].received.next()) == ["still there"])
        }
    }

    @Test func `so many connections and no more, those that say nothing first`() async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint("tcp"), options { $0.maximumConnections = 10 })
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            let peer = try await stations[0].received.next().peer
            let crowd = try (0..<100).map { _ in try PlainConnection(endpoint.text) }
            for client in crowd.prefix(91) { #expect(client.isHungUpOn(within: 10)) }
            try await stations[0].reply("still there", to: peer)
            #expect(text(try await stations[1].received.next()) == ["still there"])
            try await stations[1].send("I as well")
            #expect(text(try await stations[0].received.next()) == ["I as well"])
            withExtendedLifetime(crowd) {}
        }
    }

    @Test func `four thousand connections that leave at once do not keep a loop from ending`() async throws {
        let station = try Station()
        let endpoint = try await station.listen(at: freshEndpoint("tcp"))
        var clients: [PlainConnection] = []
        for _ in 0..<4_000 { clients.append(try PlainConnection(endpoint.text)) }
        // Nobody reads what the monitor tells while the loop is busy.
        _ = await station.perform { _ in usleep(300_000) }
        clients = []
        _ = await station.perform { _ in usleep(1_000_000) }
        let began = ContinuousClock.now
        await station.loop.stop()
        #expect(ContinuousClock.now - began < .seconds(10))
    }

    @Test func `connections of a key that is admitted no more are closed`() async throws {
        let server = try CurveKeyPair.generate()
        let keys = try (0..<2).map { _ in try CurveKeyPair.generate() }
        try await withStations(3) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint("tcp"), options { $0.security = .curveServer(server) })
            for (station, key) in zip(stations.dropFirst(), keys) {
                try await station.connect(
                    to: endpoint, options { $0.security = .curveClient(server: server.publicKey, own: key) })
                try await station.send("hello")
                _ = try await stations[0].received.next()
            }
            await stations[0].perform { $0.router?.closeConnections { $0 == keys[1].publicKey.z85 } }
            _ = try await stations[1].events.first { $0 == .disconnected }
            try await stations[2].send("still there")
            // The first comes again by itself: whether it is let in is another question.
            let next = try await stations[0].received.first { text($0) == ["still there"] }
            #expect(text(next) == ["still there"])
        }
    }
}
