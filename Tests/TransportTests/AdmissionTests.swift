import Foundation
import TestSupport
import Testing

@testable import Transport

/// Who is let in, and how those who are not find out why.
@Suite(.timeLimit(.minutes(8))) struct AdmissionTests {
    private func options(_ security: SocketOptions.Security) -> SocketOptions {
        var options = SocketOptions()
        options.security = security
        options.reconnectInterval = .milliseconds(10)
        return options
    }

    @Test func `a listed key is let in, and its messages say where they come from`() async throws {
        let server = try CurveKeyPair.generate()
        let client = try CurveKeyPair.generate()
        try await withStations(2) { stations in
            try await stations[0].perform { station in
                try station.loop.decideAdmission { $0.key == client.publicKey }
            }
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options(.curveServer(server)))
            try await stations[1].connect(to: endpoint, options(.curveClient(server: server.publicKey, own: client)))
            try await stations[1].send("hello")
            let letter = try await stations[0].received.next()
            #expect(text(letter) == ["hello"])
            #expect(letter.frames[0].peerAddress == "127.0.0.1")
        }
    }

    @Test func `a key that is not listed is refused by name, and the client is told`() async throws {
        let server = try CurveKeyPair.generate()
        let client = try CurveKeyPair.generate()
        let requests = Mailbox<AdmissionRequest>()
        try await withStations(2) { stations in
            try await stations[0].perform { station in
                try station.loop.decideAdmission { request in
                    requests.put(request)
                    return false
                }
            }
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options(.curveServer(server)))
            let security = SocketOptions.Security.curveClient(server: server.publicKey, own: client)
            try await stations[1].connect(to: endpoint, options(security))
            let request = try await requests.next()
            #expect(request == AdmissionRequest(address: "127.0.0.1", key: client.publicKey))

            var diagnosis = HandshakeDiagnosis(endpoint, security)
            while true {
                let event = try await stations[1].events.next()
                if diagnosis.note(event), let mismatch = diagnosis.mismatch("CURVE") {
                    #expect(mismatch == .notAdmitted(endpoint, key: client.publicKey))
                    break
                }
            }
        }
    }

    @Test func `keys that are not asked for do not stop a socket without any`() async throws {
        try await withStations(2) { stations in
            try await stations[0].perform { try $0.loop.decideAdmission { _ in false } }
            let endpoint = try await stations[0].listen(at: freshEndpoint("ipc"))
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            #expect(text(try await stations[0].received.next()) == ["hello"])
        }
    }

    enum Keys: CaseIterable { case none, right, otherServer }

    /// What a client with `client` keys makes of a server that uses keys, or none.
    @Test(arguments: [
        ("tcp", true, Keys.none), ("ipc", true, .none), ("tcp", true, .otherServer), ("tcp", false, .right),
    ])
    func `keys that do not fit are told apart`(scheme: String, serverUsesKeys: Bool, client: Keys) async throws {
        let server = try CurveKeyPair.generate()
        let other = try CurveKeyPair.generate()
        let security: SocketOptions.Security =
            switch client {
            case .none: .none
            case .right: .curveClient(server: server.publicKey, own: other)
            case .otherServer: .curveClient(server: other.publicKey, own: other)
            }
        try await withStations(2) { stations in
            let endpoint = try await stations[0].listen(
                at: freshEndpoint(scheme), options(serverUsesKeys ? .curveServer(server) : .none))
            try await stations[1].connect(to: endpoint, options(security))
            var diagnosis = HandshakeDiagnosis(endpoint, security)
            var mismatch: KeyMismatch?
            while mismatch == nil {
                guard diagnosis.note(try await stations[1].events.next()) else { continue }
                mismatch = diagnosis.mismatch(HandshakeDiagnosis.ask(endpoint))
            }
            switch client {
            case .none: #expect(mismatch == .keysNeeded(endpoint))
            case .right: #expect(mismatch == .keysUnused(endpoint))
            case .otherServer: #expect(mismatch == .otherServerKey(endpoint))
            }
        }
    }

    @Test func `a listener that hangs up at once is not taken for a wrong key`() async throws {
        let door = try UnixListener()
        defer { door.close() }
        let endpoint = try Endpoint("ipc://\(door.path)")
        let own = try CurveKeyPair.generate()
        let security = SocketOptions.Security.curveClient(server: own.publicKey, own: own)
        try await withStations(1) { stations in
            try await stations[0].connect(to: endpoint, options(security))
            var diagnosis = HandshakeDiagnosis(endpoint, security)
            var failures = 0
            while failures < 6 {
                guard diagnosis.note(try await stations[0].events.next()) else { continue }
                failures += 1
                #expect(diagnosis.mismatch(HandshakeDiagnosis.ask(endpoint)) == nil)
            }
        }
    }

    @Test func `a query with keys that do not fit says so instead of waiting`() async throws {
        let server = try CurveKeyPair.generate()
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"), options(.curveServer(server)))
            #expect(throws: TransportError.wrongKeys(.keysNeeded(endpoint))) {
                try Query.ask(endpoint, [Frame([1])], timeout: .seconds(20))
            }
            let own = try CurveKeyPair.generate()
            #expect(throws: TransportError.wrongKeys(.otherServerKey(endpoint))) {
                try Query.ask(
                    endpoint, [Frame([1])], timeout: .seconds(20),
                    options: options(.curveClient(server: own.publicKey, own: own)))
            }
        }
    }
}

/// Something that accepts connections and closes them at once, like a tunnel with nobody behind it.
private final class UnixListener: @unchecked Sendable {
    private let folder: TemporaryFolder
    let path: String
    private let descriptor: Int32

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("door").path
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(descriptor, 8) == 0)
        Thread.detachNewThread { [descriptor] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                Glibc.close(connection)
            }
        }
    }

    func close() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        Glibc.close(descriptor)
    }
}
