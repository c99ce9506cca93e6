import DemoAssets
import Foundation
import Messaging
import ModelFolders
import ModelReading
import Run
import Storage
import TestSupport
import Testing
import Transport
import Wire

/// Peers that send what they like are named, bounded and end nothing.
@Suite(.serialized, .blocking)
struct HostilePeerTests {
    /// Those that there are, and one that no run has.
    private static let stages: [Stage] = [
        .parity, .extract, .train, .sums, .similarity, .evaluate(task: "squad"), .evaluate(task: "none"),
    ]

    @Test func `garbage, floods and claimed identities are named and change no byte of a result`() async throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", ShortRun.arguments(output: output, ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]),
            in: scratch)
        let status = try coordinator.statusEndpoint()
        let endpoint = try coordinator.publicEndpoint()
        for place in [endpoint, status] {
            // No greeting; a greeting that breaks off; one that claims identities in the clear, as libzmq draws them.
            try PlainConnection(place.text).send([UInt8](repeating: 0x47, count: 4096))
            try PlainConnection(place.text).send(Array(HandMade.greeting.prefix(12)))
            for number in 0..<66 {
                let drawn = withUnsafeBytes(of: (0x6B8B_4567 + UInt32(number)).bigEndian) { [0] + Array($0) }
                let claim = try PlainConnection(place.text)
                claim.send(HandMade.introduction(as: number < 48 ? drawn : []))
                if number % 20 == 0 { #expect(claim.isHungUpOn(within: 10)) }
            }
        }
        // Messages of all kinds, none of them one, while a worker works.
        let flood = try NoisyPeer(endpoint)
        for _ in 0..<500 { await flood.send(NoisyPeer.messages) }
        let worker = try ProgramProcess("worker", ["--connect", endpoint.text, "--threads", "1"], in: scratch)
        let seen = try coordinator.status(at: status) { status in
            status.faults.contains { $0.what.contains("it sent what is no message") && $0.what.contains("times)") }
                && status.faults.contains { $0.what.contains("it broke off before it had introduced itself") }
        }
        #expect(seen.faults.count < 10 && seen.faults.allSatisfy { $0.what.contains("turned ") })
        #expect(seen.faults.contains { $0.what.hasPrefix("turned 127.0.0.1 away: it sent what is no message") })
        let memory = try coordinator.residentBytes()
        #expect(memory < 300 << 20, "\(memory >> 20) MiB")
        for _ in 0..<500 { await flood.send(NoisyPeer.messages) }

        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try worker.end().code == 0)
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())
        await flood.stop()
    }

    @Test func `answers of eighty bytes to units that there are not, and those who ask and never read, end nothing`()
        async throws
    {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", ShortRun.arguments(output: output, ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]),
            in: scratch)
        let status = try coordinator.statusEndpoint()
        let endpoint = try coordinator.publicEndpoint()
        let stranger = try NoisyPeer(endpoint)
        for index in [0, 1, 1 << 20, 1 << 40] {
            for stage in Self.stages {
                let answer = EvaluateResult(items: [])
                let result: UnitResult =
                    switch stage {
                    case .parity: .parity(ParityResult(checks: []))
                    case .extract: .extract(ExtractResult(a: [], b: []))
                    case .train: .train(TrainResult(squaredErrorSum: 0, gradient: .factor(FloatMatrix(zeros: 0, 0))))
                    case .sums: .sums(SumsResult(products: []))
                    case .similarity: .similarity(SimilarityResult(plain: WrittenText(), injected: WrittenText()))
                    case .evaluate: .evaluate(answer)
                    }
                let message = WorkerMessage.result(
                    run: "run", lease: LeaseID(1), unit: UnitID(stage, index), result: result)
                await stranger.send([WireFormat.encode(message).frames])
            }
        }
        // A hundred ask five hundred times each and read nothing; a hundred are refused as often.
        let query = WireFormat.encode(StatusQuery()).frames
        let odd = Registration(
            protocolVersion: 99, softwareVersion: "1", worker: "odd", host: "h", processID: 1, deviceKind: "cpu")
        let registration = WireFormat.encode(WorkerMessage.register(odd)).frames
        var crowd: [NoisyPeer] = []
        for number in 0..<200 {
            let peer = try NoisyPeer(number < 100 ? status : endpoint, reads: false)
            await peer.send([[Frame]](repeating: number < 100 ? query : registration, count: 500))
            crowd.append(peer)
        }
        let began = ContinuousClock.now
        try coordinator.status(at: status) { _ in true }
        #expect(ContinuousClock.now - began < .seconds(5))
        let memory = try coordinator.residentBytes()
        #expect(memory < 400 << 20, "\(memory >> 20) MiB")
        let worker = try ProgramProcess("worker", ["--connect", endpoint.text, "--threads", "1"], in: scratch)
        #expect(try coordinator.end().code == 0)
        #expect(try worker.end().code == 0)
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())
        for peer in crowd + [stranger] { await peer.stop() }
    }

    @Test func `answers of sixty megabytes by a worker that was let in are neither kept nor counted`() async throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", ShortRun.arguments(output: output, ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]),
            in: scratch)
        let status = try coordinator.statusEndpoint()
        let endpoint = try coordinator.publicEndpoint()
        // It stands still until the other one has been heard, but is there: nobody's failures end the run.
        let worker = try ProgramProcess("worker", ["--connect", endpoint.text, "--threads", "1"], in: scratch)
        try coordinator.status(at: status) { $0.workers.contains { $0.leases > 0 } }
        worker.send(SIGSTOP)
        let long = Answer(text: String(repeating: "x", count: 4 << 20))
        let liar = try LyingWorker { unit in
            let answers = unit.conditions.indices.map { $0 < 15 ? long : Answer() }
            return [EvaluateResult(items: unit.items.map { _ in ItemAnswers(answers: answers) })]
        }
        try await liar.join(endpoint)
        try coordinator.status(at: status) { $0.faults.contains { $0.what.contains("does not fit") } }
        worker.send(SIGCONT)
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try worker.end().code == 0)
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())
        let journal = try Data(contentsOf: output.appendingPathComponent("journal"))
        #expect(journal.count < 1 << 20)
        await liar.stop()
    }

    @Test func `a run with two answers to a unit says so at its end`() async throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: output,
                [
                    "--workers", "0", "--listen", "tcp://127.0.0.1:*", "--verify-share", "0", "--endpoints", "answers",
                    "--conditions", "b_full",
                ]),
            in: scratch)
        _ = try coordinator.statusEndpoint()
        let endpoint = try coordinator.publicEndpoint()
        // It has read what it was asked, or nothing it says would be taken.
        let reader = try ReadableModel(path: DemoAssets.modelB)
        let liar = try LyingWorker { unit in
            ["one", "two"].map { text in
                EvaluateResult(
                    items: unit.items.map { item in
                        ItemAnswers(
                            answers: unit.conditions.map { condition in
                                let prompt = item.prompts[condition.prompt] ?? ""
                                let read = (try? reader.prompt(prompt, newTokens: 32))?.tokens ?? []
                                return Answer(
                                    tokens: [1], text: text, cost: Cost(promptTokens: read.count),
                                    promptDigest: ContentHasher.digest(of: read).hex)
                            })
                    })
            }
        }
        try await liar.join(endpoint)
        let ending = try coordinator.end()
        #expect(ending.code == 1 && ending.errors.contains("that two workers answered differently"), "\(ending.errors)")
        await liar.stop()
        let report = try String(contentsOf: output.appendingPathComponent("report.md"), encoding: .utf8)
        #expect(report.contains("ALARM: a second answer to squad/"), "\(report.prefix(2_000))")
    }

    @Test func `a thousand connections that do nothing leave descriptors for files and room for a worker`() throws {
        let scratch = try TemporaryFolder()
        let output = scratch.file("run")
        let coordinator = try ProgramProcess(
            "coordinator", ShortRun.arguments(output: output, ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]),
            in: scratch)
        let limited = try ProgramProcess(
            path: "/usr/bin/prlimit", ["--pid", "\(coordinator.processID)", "--nofile=1024:1024"], in: scratch)
        #expect(try limited.end().code == 0)
        _ = try coordinator.statusEndpoint()
        let endpoint = try coordinator.publicEndpoint()
        let crowd = (0..<1_200).map { _ in try? PlainConnection(endpoint.text) }
        usleep(500_000)
        #expect(coordinator.isRunning)
        withExtendedLifetime(crowd) {}
        let worker = try ProgramProcess("worker", ["--connect", endpoint.text, "--threads", "1"], in: scratch)
        let ending = try coordinator.end()
        #expect(ending.code == 0, "\(ending.errors)")
        #expect(try worker.end().code == 0)
        #expect(try ShortRun.results(in: output) == ShortRun.undisturbed())
    }
}

/// A worker that is let in, registers as it should, and answers every unit that it is given with what it likes.
private actor LyingWorker {
    nonisolated let loop: MessageLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let answer: @Sendable (EvaluateUnit) -> [EvaluateResult]
    private var socket: DealerSocket?
    private var leases: [LeaseID] = []
    /// Units that it has answered.
    private(set) var answered = 0
    /// What it was told when it was sent away.
    private(set) var refusal: String?

    init(answer: @escaping @Sendable (EvaluateUnit) -> [EvaluateResult]) throws {
        loop = try MessageLoop(name: "liar")
        self.answer = answer
    }

    func join(_ endpoint: Endpoint) throws {
        let socket = try loop.connectDealer(to: endpoint, options: .withoutKeys(endpoint))
        socket.onReceive { [unowned self] frames in self.assumeIsolated { $0.receive(frames) } }
        self.socket = socket
        say(
            .register(
                Registration(softwareVersion: "1", worker: "liar", host: "h", processID: 1, deviceKind: "cpu")))
        beat()
    }

    private func beat() {
        say(.heartbeat(Heartbeat(leases)))
        loop.schedule(after: .seconds(1)) { [weak self] in self?.assumeIsolated { $0.beat() } }
    }

    private func receive(_ frames: [Frame]) {
        guard let message = try? WireFormat.decodeCoordinatorMessage(frames) else { return }
        switch message {
        case .welcome(let welcome):
            say(
                .ready(
                    Readiness(
                        fingerprintA: welcome.modelFingerprint(welcome.modelA),
                        fingerprintB: welcome.modelFingerprint(welcome.modelB), capacity: 2)))
            run = welcome.run
        case .grant(let grant):
            leases.append(grant.lease)
            guard case .evaluate(let unit) = grant.unit else { return }
            for result in answer(unit) {
                say(.result(run: run, lease: grant.lease, unit: grant.id, result: .evaluate(result)))
            }
            answered += 1
        case .refusal(let reason): refusal = reason
        case .activations, .heartbeat, .finished: break
        }
    }

    private var run = ""

    private func say(_ message: WorkerMessage) { try? socket?.send(WireFormat.encode(message).frames) }

    func stop() async { await loop.stop() }
}

extension Welcome {
    fileprivate func modelFingerprint(_ path: String) -> String {
        (try? ModelFolder(path: path).fingerprint().hex) ?? ""
    }
}

/// Somebody who can connect as a worker does, and says what it likes.
private actor NoisyPeer {
    nonisolated let loop: MessageLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let endpoint: Endpoint
    private let reads: Bool
    private var socket: DealerSocket?

    /// An empty message, one of other bytes, one of 100 frames, a heartbeat of a worker that never registered.
    static let messages: [[Frame]] = [
        [Frame([])], [Frame([UInt8](repeating: 0xAA, count: 200))], [Frame](repeating: Frame([]), count: 100),
        [Frame([0x1A, 0])],
    ]

    init(_ endpoint: Endpoint, reads: Bool = true) throws {
        loop = try MessageLoop(name: "noisy")
        self.endpoint = endpoint
        self.reads = reads
    }

    func send(_ messages: [[Frame]]) {
        if socket == nil {
            var options = SocketOptions.withoutKeys(endpoint)
            if !reads { options.receiveHighWaterMark = 1 }
            options.linger = .zero
            socket = try? loop.connectDealer(to: endpoint, options: options)
        }
        for message in messages { try? socket?.send(message) }
    }

    func stop() async { await loop.stop() }
}

/// What a plain connection says that speaks ZMTP 3 (RFC 23) by hand, and badly.
private enum HandMade {
    static let greeting: [UInt8] =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
    /// Greeting and READY command, claiming an identity.
    static func introduction(as identity: [UInt8]) -> [UInt8] {
        func property(_ name: String, _ value: [UInt8]) -> [UInt8] {
            [UInt8(name.utf8.count)] + Array(name.utf8) + [0, 0, 0, UInt8(value.count)] + value
        }
        let body =
            [5] + Array("READY".utf8) + property("Socket-Type", Array("DEALER".utf8)) + property("Identity", identity)
        return greeting + [4, UInt8(body.count)] + body
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
