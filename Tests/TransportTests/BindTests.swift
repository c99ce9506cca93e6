import Foundation
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(8))) struct BindTests {
    @Test(arguments: ["tcp", "ipc"])
    func `an endpoint in use is an error that names it`(scheme: String) async throws {
        try await withStations(3) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint(scheme))
            let error = await #expect(throws: TransportError.addressInUse(endpoint)) {
                try await stations[1].listen(at: endpoint)
            }
            #expect(
                error?.description
                    == "\(endpoint) is in use; stop the program that listens there, or choose another port or path")
            // The first one is not harmed.
            try await stations[2].connect(to: endpoint)
            try await stations[2].send("hello")
            #expect(text(try await stations[0].received.next()) == ["hello"])
        }
    }

    @Test func `any port is resolved`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: Endpoint("tcp://localhost:*"))
            #expect(endpoint.isConnectable && endpoint.isLocalOnly)
            #expect(endpoint.text.hasPrefix("tcp://127.0.0.1:"))
        }
    }

    @Test func `a file that is no socket is left alone`() async throws {
        try await withStations(1) { stations in
            let endpoint = try freshEndpoint("ipc")
            let path = try #require(endpoint.path)
            try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
            defer { unlink(path) }
            await #expect(throws: TransportError.notASocketFile(endpoint)) {
                try await stations[0].listen(at: endpoint)
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("precious".utf8))
        }
    }

    @Test func `a socket file that a dead program left is taken over`() async throws {
        try await withStations(2) { stations in
            let endpoint = try freshEndpoint("ipc")
            try UnixClient.leaveFile(at: try #require(endpoint.path))
            try await stations[0].listen(at: endpoint)
            try await stations[1].connect(to: endpoint)
            try await stations[1].send("hello")
            #expect(text(try await stations[0].received.next()) == ["hello"])
        }
    }

    @Test func `only this user may open an ipc socket`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("ipc"))
            var status = stat()
            #expect(stat(try #require(endpoint.path), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
        }
    }

    @Test func `an address of another host cannot be listened at`() async throws {
        try await withStations(1) { stations in
            // 192.0.2.0/24 is set aside for documentation (RFC 5737).
            let endpoint = try Endpoint("tcp://192.0.2.1:5555")
            await #expect(throws: TransportError.addressNotAvailable(endpoint)) {
                try await stations[0].listen(at: endpoint)
            }
        }
    }

    @Test func `a missing folder is named`() async throws {
        try await withStations(1) { stations in
            let endpoint = try Endpoint("ipc:///nonexistent/folder/socket")
            let error = await #expect(throws: TransportError.self) { try await stations[0].listen(at: endpoint) }
            #expect(
                error?.description == "cannot listen at ipc:///nonexistent/folder/socket: No such file or directory")
        }
    }

    @Test func `nobody connects to any port`() async throws {
        try await withStations(1) { stations in
            for text in ["tcp://*:5555", "tcp://127.0.0.1:*"] {
                await #expect(throws: TransportError.self) { try await stations[0].connect(to: Endpoint(text)) }
            }
        }
    }
}
