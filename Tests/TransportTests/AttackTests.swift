import CZMQ
import Foundation
import TestSupport
import Testing

@testable import Transport

/// What anybody who can connect may try, with its bound.
@Suite(.timeLimit(.minutes(8))) struct AttackTests {
    private func options(_ change: (inout SocketOptions) -> Void) -> SocketOptions {
        var options = SocketOptions()
        change(&options)
        return options
    }

    /// Whether clients need a key, and have one.
    @Test(arguments: [false, true])
    func `no peer chooses its identity, nor takes one that libzmq might draw`(hasKeys: Bool) async throws {
        let (server, client) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
        let (own, its): (SocketOptions.Security, SocketOptions.Security) =
            hasKeys
            ? (.curveServer(server), .curveClient(server: server.publicKey, own: client)) : (.openServer, .open)
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint("tcp"), options { $0.security = own }, echo: true)
            let context = try Context(ioThreads: 1)
            var clients: [RawSocket] = []
            // Claims of what libzmq draws first where nobody has seeded it, and of names; others claim nothing.
            for number in 0..<48 {
                let client = try RawSocket(.dealer, in: context, for: endpoint, options { $0.security = its })
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

    /// Greetings and first commands as clients of both kinds say them, with changes drawn from a seed.
    @Test(arguments: [SocketOptions.Security.none, .openServer])
    func `changed greetings end neither the socket nor anybody else's connection`(
        security: SocketOptions.Security
    ) async throws {
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint("tcp"), options { $0.security = security }, echo: true)
            let isOpen: Bool = if case .none = security { false } else { true }
            try await stations[1].connect(to: endpoint, options { $0.security = isOpen ? .open : .none })
            var random = SeededGenerator(seed: 7)
            for number in 0..<1_000 {
                var bytes = Self.greeting(["NULL", "CURVE", "PLAIN"][number % 3]) + Self.command("READY", number)
                for _ in 0..<Int.random(in: 0...6, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                    case 2: bytes.removeLast(min(bytes.count - 1, place))
                    default: bytes.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0xFF, 0x7F], at: place)
                    }
                }
                try PlainConnection(endpoint.text).send(bytes)
                if number % 100 == 0 {
                    try await stations[1].send("\(number)")
                    #expect(text(try await stations[1].received.next()) == ["\(number)"])
                }
            }
        }
    }

    /// ZMTP 3 (RFC 23).
    private static func greeting(_ mechanism: String) -> [UInt8] {
        let name = Array(mechanism.utf8)
        return [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 1] + name + [UInt8](repeating: 0, count: 52 - name.count)
    }

    /// A command of some properties, short or with its length in eight bytes.
    private static func command(_ name: String, _ number: Int) -> [UInt8] {
        var body = [UInt8(name.utf8.count)] + Array(name.utf8)
        for (key, value) in [("Socket-Type", "DEALER"), ("Identity", "\(number)")] {
            body += [UInt8(key.utf8.count)] + Array(key.utf8) + [0, 0, 0, UInt8(value.utf8.count)] + Array(value.utf8)
        }
        if number % 2 == 0 { return [4, UInt8(body.count)] + body }
        return [6] + withUnsafeBytes(of: UInt64(body.count).bigEndian) { Array($0) } + body
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
