import Foundation
import TestSupport
import Testing

@testable import Transport

struct CurveKeyFileTests {
    private let temporary: TemporaryFolder
    /// The folder of the keys, which is made with them.
    private var folder: URL { temporary.file("keys") }
    private static let publicKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

    init() throws { temporary = try TemporaryFolder() }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func file(_ text: String, mode: Int = 0o600) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent(UUID().uuidString).path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test func `made keys are their owner's alone and are read back as one pair`() throws {
        let paths = try CurveKeyFile.generate(names: ["coordinator", "worker"], in: folder)
        #expect(
            paths.map(\.secret).map { URL(fileURLWithPath: $0).lastPathComponent }
                == ["coordinator.secret", "worker.secret"])
        for path in paths {
            #expect(try mode(path.secret) == 0o600)
            #expect(try mode(path.public) == 0o600)
            #expect(try CurveKeyFile.pair(at: path.secret).publicKey == CurveKeyFile.publicKey(at: path.public))
        }
        #expect(try mode(folder.path) == 0o700)
    }

    @Test func `no key is overwritten, and then none is made`() throws {
        _ = try CurveKeyFile.generate(names: ["worker"], in: folder)
        let before = try Data(contentsOf: folder.appendingPathComponent("worker.secret"))
        #expect(throws: KeyError.alreadyThere(path: folder.appendingPathComponent("worker.secret").path)) {
            try CurveKeyFile.generate(names: ["other", "worker"], in: folder)
        }
        #expect(try Data(contentsOf: folder.appendingPathComponent("worker.secret")) == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    }

    @Test func `a list of keys may have comments, names and empty lines`() throws {
        let path = try file(
            "# ours\n\ncurve-public \(Self.publicKey) node 7\n  curve-public \(Self.publicKey)\r\n", mode: 0o644)
        #expect(try CurveKeyFile.publicKeys(at: path).map(\.z85) == [Self.publicKey, Self.publicKey])
        #expect(throws: KeyError.notOneKey(place: path, kind: "public", found: 2)) {
            try CurveKeyFile.publicKey(at: path)
        }
    }

    @Test(arguments: [
        "", "# nothing", "curve-public", "curve-public short", "curve-secret abc", "hello world", "\u{0}",
    ])
    func `text that is no list of public keys is refused and not repeated`(text: String) throws {
        let path = try file(text)
        let error = #expect(throws: KeyError.self) { try CurveKeyFile.publicKeys(at: path) }
        #expect(error?.description.contains("abc") == false && error?.description.contains("hello") == false)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644])
    func `a secret key that others have access to is refused`(mode: Int) throws {
        let secret = try CurveKeyPair.generate().secretKey.z85
        let path = try file("curve-secret \(secret)\n", mode: mode)
        let error = #expect(throws: KeyError.accessible(path: path, mode: UInt32(mode))) {
            try CurveKeyFile.pair(at: path)
        }
        #expect(error?.description.contains("chmod 600") == true && error?.description.contains(secret) == false)
    }

    @Test func `a public key in a secret key's place is refused`() throws {
        let path = try file("curve-public \(Self.publicKey)\n")
        #expect(
            throws: KeyError.notALine(
                place: path, line: 1, expected: "curve-secret", found: "a line that begins with curve-public")
        ) { try CurveKeyFile.pair(at: path) }
    }

    @Test func `keys come from the environment, bare or as in files`() throws {
        let pair = try CurveKeyPair.generate()
        for text in [pair.secretKey.z85, "curve-secret \(pair.secretKey.z85) me"] {
            #expect(try CurveKeyFile.pair(variable: "K", in: ["K": text])?.publicKey == pair.publicKey)
        }
        let list = "\(Self.publicKey)\ncurve-public \(pair.publicKey) me\n# end"
        #expect(try CurveKeyFile.publicKeys(variable: "K", in: ["K": list])?.count == 2)
        #expect(try CurveKeyFile.pair(variable: "K", in: [:]) == nil)
        #expect(throws: KeyError.self) { try CurveKeyFile.pair(variable: "K", in: ["K": "curve-secret x"]) }
    }

    @Test func `who connects needs both keys, or none where only this host is reached`() throws {
        let pair = try CurveKeyPair.generate()
        func security(_ endpoint: String, _ environment: [String: String]) throws -> SocketOptions.Security {
            try ClientKeys.security(
                for: Endpoint(endpoint), keyFile: nil, coordinatorKeyFile: nil, environment: environment)
        }
        let own = [ClientKeys.secretVariable: pair.secretKey.z85]
        let server = [ClientKeys.coordinatorVariable: pair.publicKey.z85]
        let away = try Endpoint("tcp://node-1:5755")
        #expect(throws: KeyMismatch.keysNeeded(away)) { try security(away.text, [:]) }
        #expect(throws: KeyError.self) { try security(away.text, own) }
        #expect(throws: KeyError.self) { try security(away.text, server) }
        guard case .curveClient = try security(away.text, own.merging(server) { $1 }),
            case .open = try security("tcp://127.0.0.1:5755", [:])
        else {
            Issue.record("other keys")
            return
        }
    }

    @Test func `a key in place of a file's name is in no error, and a list that others may change is refused`() throws {
        let secret = try CurveKeyPair.generate().secretKey.z85
        for given in [secret, secret + " ", "curve-secret \(secret)", String(secret.dropLast()), secret + "x"] {
            do {
                _ = try CurveKeyFile.pair(at: given)
                Issue.record("read")
            } catch {
                #expect(error == .keyInPlaceOfFile && !"\(error)".contains(secret.prefix(8)))
            }
        }
        let folder = try TemporaryFolder()
        let key = try CurveKeyPair.generate().publicKey
        try Data("curve-public \(key)\n".utf8).write(to: folder.file("list"))
        for (mode, isRefused) in [(0o600, false), (0o644, false), (0o664, true), (0o646, true)] {
            chmod(folder.file("list").path, mode_t(mode))
            let found = Result { try CurveKeyFile.publicKeys(at: folder.file("list").path) }
            #expect((try? found.get()) == (isRefused ? nil : [key]))
        }
    }
}
