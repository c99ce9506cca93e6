import Foundation
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(8))) struct CurveTests {
    private func options(_ security: SocketOptions.Security) -> SocketOptions {
        var options = SocketOptions()
        options.security = security
        return options
    }

    @Test func `a known key carries a message and its answer`() async throws {
        let server = try CurveKeyPair.generate()
        let client = try CurveKeyPair.generate()
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options(.curveServer(server)))
            try await stations[1].connect(
                to: endpoint, options(.curveClient(server: server.publicKey, own: client)))
            try await stations[1].send("secret")
            let question = try await stations[0].received.next()
            #expect(text(question) == ["secret"])
            try await stations[0].reply("as well", to: question.peer)
            #expect(text(try await stations[1].received.next()) == ["as well"])
        }
    }

    @Test func `a wrong server key is noticed on both sides`() async throws {
        let server = try CurveKeyPair.generate()
        let other = try CurveKeyPair.generate()
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options(.curveServer(server)))
            try await stations[1].connect(to: endpoint, options(.curveClient(server: other.publicKey, own: other)))
            // A connection that is gone when it is looked at has no address any more; the client tries again.
            _ = try await stations[0].events.first { $0 == .handshakeFailed(.wrongKey, address: "127.0.0.1") }
            let event = try await stations[1].events.first { $0 != .disconnected }
            guard case .handshakeFailed(.connectionLost, _) = event else {
                Issue.record("\(event)")
                return
            }
        }
    }

    @Test func `a client without keys is noticed`() async throws {
        let server = try CurveKeyPair.generate()
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options(.curveServer(server)))
            try await stations[1].connect(to: endpoint)
            // Whichever side reads the other's greeting first says why, and breaks off.
            func isFailure(_ event: SocketEvent) -> Bool { if case .handshakeFailed = event { true } else { false } }
            let here = try await stations[0].events.first(where: isFailure)
            let there = try await stations[1].events.first(where: isFailure)
            #expect(
                [here, there].contains {
                    if case .handshakeFailed(.mechanismMismatch, _) = $0 { true } else { false }
                })
        }
    }

    @Test func `keys are read and written as text`() throws {
        let pair = try CurveKeyPair.generate()
        let again = try CurveKeyPair(secretKey: CurveSecretKey(z85: pair.secretKey.z85))
        #expect(again.publicKey == pair.publicKey)
        #expect(try CurvePublicKey(z85: pair.publicKey.z85) == pair.publicKey)
        // The test vectors of RFC 26/CurveZMQ's reference, as zmq_curve_public's manual gives them.
        let known = try CurveKeyPair(secretKey: CurveSecretKey(z85: "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"))
        #expect(known.publicKey.z85 == "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID")
    }

    @Test(arguments: ["", "short", String(repeating: "a", count: 41), String(repeating: "~", count: 40), "é"])
    func `other text is no key, and is not repeated`(text: String) {
        let error = #expect(throws: TransportError.self) { try CurveSecretKey(z85: text) }
        #expect(text.isEmpty || error?.description.contains(text) == false)
    }

    @Test func `a secret key is not printed`() throws {
        let pair = try CurveKeyPair.generate()
        var dumped = ""
        dump(pair, to: &dumped)
        #expect(!"\(pair) \(pair.secretKey)".contains(pair.secretKey.z85))
        #expect(!dumped.contains(pair.secretKey.z85))
    }
}
