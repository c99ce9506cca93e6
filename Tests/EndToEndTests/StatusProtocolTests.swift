import Foundation
import Messaging
import Run
import TestSupport
import Testing
import Transport
import Wire

/// The status socket as others than `coordinator status` ask it: docs/PROTOCOL.md.
@Suite(.serialized, .blocking)
struct StatusProtocolTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// A coordinator that waits for workers.
    private func start(_ more: [String] = []) throws -> ProgramProcess {
        try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: scratch.file("run"), ["--workers", "0", "--listen", "tcp://127.0.0.1:*"] + more),
            in: scratch)
    }

    private func end(_ coordinator: ProgramProcess) throws {
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
    }

    private func ask(_ endpoint: Endpoint, _ frames: [[UInt8]]) throws -> [[UInt8]] {
        try Query.ask(endpoint, frames.map { Frame($0) }, timeout: .seconds(10)).map(\.bytes)
    }

    @Test func `each query is answered in its own form, and what is none by a refusal that says why`() throws {
        let coordinator = try start()
        let status = try coordinator.statusEndpoint()
        let word = Array("status".utf8)
        for query in [[word], [[]]] {
            let answer = try ask(status, query)
            let json = try JSONSerialization.jsonObject(with: Data(answer[0])) as? [String: Any]
            #expect(answer.count == 1 && json?["schema"] as? Int == 1 && json?["phase"] as? String == "running")
        }
        let delimited = try ask(status, [[], word])
        #expect(delimited.count == 2 && delimited[0].isEmpty && delimited[1].first == UInt8(ascii: "{"))
        let typo = try ask(status, [Array("stauts".utf8)])
        #expect(String(decoding: typo[0], as: UTF8.self).contains(#"found \"stauts\""#))
        let crowd = try ask(status, [[UInt8]](repeating: word, count: 9))
        #expect(crowd.count == 2 && String(decoding: crowd[1], as: UTF8.self).contains("9 frames"))
        for (bytes, why) in [
            ([0xFF, 0xFF] as [UInt8], "malformed status query"),
            (WireFormat.encode(StatusQuery(protocolVersion: 1)).header, "you ask in protocol 1"),
        ] {
            let reply = try WireFormat.decodeStatusReply(try ask(status, [bytes]).map { Frame($0) })
            guard case .refusal(let reason) = reply else {
                Issue.record("\(reply)")
                continue
            }
            #expect(reason.contains(why), "\(reason)")
        }
        let seen = try coordinator.status(at: status) { !$0.faults.isEmpty }
        #expect(seen.faults.allSatisfy { $0.what.contains("away: it sent what is no query") }, "\(seen.faults)")
        try end(coordinator)
    }

    @Test func `the socket and the command give the same JSON`() throws {
        let coordinator = try start()
        let status = try coordinator.statusEndpoint()
        let asked = try ProgramProcess.run(
            "coordinator", ["status", "--format", "json", "--connect", status.text], in: scratch)
        func steady(_ text: String) -> String {
            text.replacing(#/"elapsed_seconds":[0-9.e+-]+|"seconds":[0-9.e+-]+/#, with: "")
        }
        let told = String(decoding: try ask(status, [Array("status".utf8)])[0], as: UTF8.self)
        #expect(steady(told) + "\n" == steady(asked.output))
        try end(coordinator)
    }

    @Test(
        .enabled(if: PythonPrograms.status != nil, Comment(rawValue: PythonPrograms.absence)),
        .timeLimit(.minutes(10)))
    func `the programs of the documentation are told how a run does`() throws {
        let python = try #require(PythonPrograms.status)
        let programs = try PythonPrograms.inDocumentation()
        #expect(programs.count == 2)
        #expect(programs.allSatisfy { $0.split(separator: "\n", omittingEmptySubsequences: false).count <= 16 })
        let protos = Repository.root.appendingPathComponent("proto")
        let files = try FileManager.default.contentsOfDirectory(atPath: protos.path).sorted()
        let made = try python.run(
            ["-m", "grpc_tools.protoc", "--python_out=\(scratch.url.path)", "--proto_path=\(protos.path)"] + files,
            in: scratch)
        #expect(made.code == 0, "\(made.errors)")

        let coordinator = try start()
        let status = try coordinator.statusEndpoint()
        let plain = try python.run(programs[0], [status.text], in: scratch)
        #expect(plain.code == 0 && plain.output.firstMatch(of: #/^running squad 0/\d+ answers\n$/#) != nil, "\(plain)")
        let run = try coordinator.status(at: status) { _ in true }.run
        let wire = try python.run(programs[1], [status.text, "\(protocolVersion)"], in: scratch)
        #expect(
            wire.code == 0 && wire.output.hasPrefix("\(run) squad 0/") && wire.output.hasSuffix(" answers\n"), "\(wire)"
        )
        let other = try python.run(programs[1], [status.text, "1"], in: scratch)
        #expect(other.code == 1 && other.errors.contains("you ask in protocol 1"), "\(other)")
        try end(coordinator)
    }

    @Test(
        .enabled(if: PythonPrograms.status != nil, Comment(rawValue: PythonPrograms.absence)),
        .timeLimit(.minutes(10)))
    func `the program asks with keys where it needs them, and by a file where it needs none`() throws {
        let python = try #require(PythonPrograms.status)
        let program = try #require(PythonPrograms.inDocumentation().first)
        let keys = scratch.file("keys").path
        #expect(try ProgramProcess.run("coordinator", ["keygen", "--output", keys], in: scratch).code == 0)
        let guarded = try start([
            "--status", "tcp://0.0.0.0:*", "--key", "\(keys)/coordinator.secret", "--worker-keys",
            "\(keys)/worker.public",
        ])
        let port = try guarded.statusEndpoint().text.split(separator: ":").last ?? ""
        let admitted = try python.run(
            program, ["tcp://127.0.0.1:\(port)", "\(keys)/worker.secret", "\(keys)/coordinator.public"], in: scratch)
        #expect(
            admitted.code == 0 && admitted.output.firstMatch(of: #/^running squad 0/\d+ answers\n$/#) != nil,
            "\(admitted)")
        let stranger = try python.run(program, ["tcp://127.0.0.1:\(port)"], in: scratch)
        #expect(stranger.code == 1 && stranger.errors == "no answer\n", "\(stranger)")
        try end(guarded)

        let path = scratch.file("s").path
        let quiet = try start(["--status", "ipc://\(path)"])
        #expect(try quiet.statusEndpoint().text == "ipc://\(path)")
        let local = try python.run(program, ["ipc://\(path)"], in: scratch)
        #expect(local.code == 0 && local.output.firstMatch(of: #/^running squad 0/\d+ answers\n$/#) != nil, "\(local)")
        try end(quiet)
    }
}
