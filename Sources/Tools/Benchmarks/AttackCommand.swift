import ArgumentParser
import Console
import Foundation
import Glibc
import Messaging
import Run
import Transport
import Wire

/// What anybody who can connect may do to a coordinator, as fast as one process can, until it is ended.
enum Attack: String, CaseIterable, ExpressibleByArgument {
    /// Connections that say nothing.
    case silence
    /// Bytes that are no message.
    case noise
    /// Registrations under names that never get ready.
    case names
    /// Well-formed answers to units that were never given.
    case answers
    /// Registrations that are refused, by peers that do not read why.
    case refusals
    /// Questions for the status, by peers that do not read the answers.
    case questions
}

/// A process that attacks the coordinator of a benchmark.
struct AttackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "attack", shouldDisplay: false)

    @Option var kind: Attack
    /// Where workers connect, and where progress is asked for.
    @Option var workers: String
    @Option var status: String

    func run() async throws {
        try OpenFiles.raiseLimit(needed: 1024)
        let endpoint = try Endpoint(kind == .questions ? status : workers)
        let crowd = try (0..<(kind == .noise || kind == .answers ? 1 : 100)).map { _ in
            try Attacker(endpoint, reads: kind == .noise || kind == .answers || kind == .names)
        }
        // Told by the benchmark to end; orphans end as well.
        let parent = getppid()
        var number = 0
        while getppid() == parent {
            if kind == .silence {
                for _ in 0..<50 { Attacker.connect(endpoint) }
            } else {
                for attacker in crowd { await attacker.send((0..<8).map { message(number + $0) }) }
                number += 8
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func message(_ number: Int) -> [Frame] {
        switch kind {
        case .silence: []
        case .noise: [Frame([UInt8](repeating: 0xAA, count: 200))]
        case .names: registration("made up \(number) \(UInt32.random(in: .min ... .max))", protocolVersion)
        case .answers:
            WireFormat.encode(
                WorkerMessage.result(
                    run: "run", lease: LeaseID(UInt64(number)), unit: UnitID(.similarity, number),
                    result: SyntheticEngine.answer)
            ).frames
        case .refusals: registration("odd", protocolVersion + 1)
        case .questions: WireFormat.encode(StatusQuery()).frames
        }
    }

    private func registration(_ name: String, _ version: UInt32) -> [Frame] {
        WireFormat.encode(
            WorkerMessage.register(
                Registration(
                    protocolVersion: version, softwareVersion: productVersion, worker: name, host: "elsewhere",
                    processID: 1, deviceKind: "synthetic"))
        ).frames
    }
}

/// One connection after the other, each kept until it is hung up on.
private actor Attacker {
    nonisolated let loop: MessageLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let endpoint: Endpoint
    private let options: SocketOptions
    private var socket: DealerSocket?

    init(_ endpoint: Endpoint, reads: Bool) throws {
        loop = try MessageLoop(name: "attacker")
        self.endpoint = endpoint
        var options = SocketOptions.withoutKeys(endpoint)
        if !reads { options.receiveHighWaterMark = 1 }
        options.maximumQueuedMessages = 64
        options.linger = .zero
        self.options = options
    }

    func send(_ messages: [[Frame]]) {
        if socket == nil { socket = try? loop.connectDealer(to: endpoint, options: options) }
        for message in messages { try? socket?.send(message) }
    }

    /// A connection that is left to the other side to close.
    static func connect(_ endpoint: Endpoint) {
        guard let port = endpoint.text.split(separator: ":").last.flatMap({ UInt16($0) }) else { return }
        guard let descriptor = Loopback.connect(port) else { return }
        // The oldest ones give way where there are too many here.
        if descriptor > 900 { for old in 100..<Int32(900) { close(old) } }
    }
}
