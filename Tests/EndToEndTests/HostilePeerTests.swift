import Foundation
import Run
import TestSupport
import Testing
import Transport

/// Peers that send what they like are named, bounded and end nothing.
@Suite(.serialized, .blocking)
struct HostilePeerTests {
    @Test func `garbage, floods and oversized frames are named and change no byte of a result`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", ShortRun.arguments(output: output, ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]),
            in: scratch)
        let status = try coordinator.statusEndpoint()
        let endpoint = try coordinator.publicEndpoint()
        for place in [endpoint, status] {
            // No greeting; a greeting that breaks off; a frame that claims 2^62 bytes.
            try RawPeer(place).send([UInt8](repeating: 0x47, count: 4096))
            try RawPeer(place).send(Array(RawPeer.greeting.prefix(12)))
            let giant = try RawPeer(place)
            try giant.introduce()
            try giant.send([2, 0x40, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 64))
            #expect(try giant.isHungUpOn())
        }
        // Messages of all kinds, none of them one, while a worker works.
        let flood = try RawPeer(endpoint)
        try flood.introduce()
        for _ in 0..<2_000 { try flood.send(RawPeer.messages) }
        let worker = try ProgramProcess("worker", ["--connect", endpoint.text, "--threads", "1"], in: scratch)
        let seen = try coordinator.status(at: status) { status in
            status.faults.contains { $0.what.contains("it sent what is no message") && $0.what.contains("times)") }
                && status.faults.contains { $0.what.contains("it broke off before it had introduced itself") }
        }
        #expect(seen.faults.count < 10 && seen.faults.allSatisfy { $0.what.contains("turned ") })
        #expect(seen.faults.contains { $0.what.hasPrefix("turned 127.0.0.1 away: it sent what is no message") })
        let memory = try coordinator.residentBytes()
        #expect(memory < 300 << 20, "\(memory >> 20) MiB")
        for _ in 0..<2_000 { try flood.send(RawPeer.messages) }

        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try worker.end().code == 0)
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())
    }
}

/// A plain TCP connection that speaks ZMTP 3 (RFC 23) by hand, and badly.
private final class RawPeer {
    static let greeting: [UInt8] =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
    /// Greeting and READY command.
    private static let introduction: [UInt8] = {
        let body = [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        return greeting + [4, UInt8(body.count)] + body
    }()
    /// An empty message, one of other bytes, one of 100 frames, a heartbeat of a worker that never registered.
    static let messages: [UInt8] =
        [0, 0] + [0, 200] + [UInt8](repeating: 0xAA, count: 200) + [UInt8](repeating: 1, count: 99).flatMap { [$0, 0] }
        + [0, 0] + [0, 2, 0x1A, 0]

    private let descriptor: Int32

    init(_ endpoint: Endpoint) throws {
        let port = try #require(endpoint.text.split(separator: ":").last.flatMap { UInt16($0) })
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        var time = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Greets and waits until the other side is ready for messages.
    func introduce() throws {
        try send(Self.introduction)
        var received = 0
        var buffer = [UInt8](repeating: 0, count: 1024)
        while received <= Self.greeting.count {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            try #require(count > 0)
            received += count
        }
    }

    /// Sends all of it; where the other side hangs up, no more.
    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Whether the other side closes the connection within some seconds.
    func isHungUpOn() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let received = recv(descriptor, &buffer, buffer.count, 0)
            if received <= 0 { return received == 0 || errno == ECONNRESET }
        }
    }
}

extension ProgramProcess {
    /// Memory that the process holds.
    fileprivate func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) << 10
    }
}
