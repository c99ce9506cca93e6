import Foundation
import Locking
package import Transport

/// The coordinator's own keys and those of the workers that it lets in.
package struct ServerKeys: Sendable {
    /// Environment variables: the coordinator's secret key, and the public keys of the workers, one a line.
    package static let secretVariable = "COORDINATOR_SECRET_KEY"
    package static let workersVariable = "WORKER_PUBLIC_KEYS"
    /// Every variable that may hold a key.
    private static let variables = [
        secretVariable, workersVariable, ClientKeys.secretVariable, ClientKeys.coordinatorVariable,
    ]

    /// What programs that the coordinator starts inherit: local workers need no key, they come by a private socket.
    static var environmentWithoutKeys: [String: String] {
        ProcessInfo.processInfo.environment.filter { !variables.contains($0.key) }
    }

    package let own: CurveKeyPair
    let workers: AdmittedKeys

    /// The keys in the files, else in the environment; nil where there are none.
    package static func read(
        keyFile: String?, workerKeysFile: String?, environment: [String: String]
    ) throws -> ServerKeys? {
        let own =
            if let keyFile { try CurveKeyFile.pair(at: keyFile) } else {
                try CurveKeyFile.pair(variable: secretVariable, in: environment)
            }
        let workers =
            if let workerKeysFile { try AdmittedKeys(file: workerKeysFile) } else {
                try CurveKeyFile.publicKeys(variable: workersVariable, in: environment).map { AdmittedKeys($0) }
            }
        switch (own, workers) {
        case (nil, nil): return nil
        case (let own?, let workers?): return ServerKeys(own: own, workers: workers)
        case (nil, _): throw KeyError.incomplete(given: "--worker-keys", missing: "--key")
        case (_, nil): throw KeyError.incomplete(given: "--key", missing: "--worker-keys")
        }
    }

    /// Whether a client with this key is let in: a worker that is listed, or who holds the coordinator's own key, and
    /// may then ask for progress.
    func admits(_ key: CurvePublicKey) -> Bool {
        key == own.publicKey || workers.contains(key)
    }

    /// Whether a connection of this key stays.
    func keeps(_ key: String) -> Bool {
        key == own.publicKey.z85 || workers.keeps(key)
    }

    /// Reads the list again where its file has changed.
    /// - Returns: whether it had.
    func review() -> Bool { workers.review() }

    /// Why the list cannot be read, if it cannot.
    var flaw: String? { workers.flaw }
}

/// A list of public keys. One in a file is read again when the file has changed, so that workers can be added and taken
/// off while the run goes on. A list of no keys admits nobody; one that cannot be read admits nobody new.
final class AdmittedKeys: @unchecked Sendable {
    private let lock = Lock()
    private let file: String?
    /// Those of the latest list that could be read.
    private var keys: Set<CurvePublicKey>
    private var version: Version?
    private var unreadable: String?

    private struct Version: Equatable {
        var modified: timespec
        var size: Int
        var number: UInt64
        var mode: UInt32

        static func == (a: Version, b: Version) -> Bool {
            (a.modified.tv_sec, a.modified.tv_nsec, a.size) == (b.modified.tv_sec, b.modified.tv_nsec, b.size)
                && (a.number, a.mode) == (b.number, b.mode)
        }
    }

    init(_ keys: [CurvePublicKey]) {
        file = nil
        self.keys = Set(keys)
    }

    /// - Throws: `KeyError`, also where the list is empty: nobody begins a run so on purpose.
    init(file: String) throws {
        self.file = file
        version = Self.version(of: file)
        keys = Set(try CurveKeyFile.publicKeys(at: file))
    }

    /// Why the list cannot be read, if it cannot.
    var flaw: String? { lock.withLock { unreadable } }

    func contains(_ key: CurvePublicKey) -> Bool {
        lock.withLock {
            refresh()
            return unreadable == nil && keys.contains(key)
        }
    }

    func keeps(_ key: String) -> Bool { lock.withLock { keys.contains { $0.z85 == key } } }

    func review() -> Bool {
        lock.withLock {
            let before = (version, keys, unreadable)
            refresh()
            return before.0 != version || before.1 != keys || before.2 != unreadable
        }
    }

    /// Under the lock.
    private func refresh() {
        guard let file else { return }
        let current = Self.version(of: file)
        guard current != version || (current == nil && unreadable == nil) else { return }
        version = current
        do {
            keys = Set(try CurveKeyFile.publicKeys(at: file, orNone: true))
            unreadable = nil
        } catch {
            unreadable = "\(error)"
        }
    }

    private static func version(of file: String) -> Version? {
        var status = stat()
        guard stat(file, &status) == 0 else { return nil }
        return Version(
            modified: status.st_mtim, size: Int(status.st_size), number: UInt64(status.st_ino), mode: status.st_mode)
    }
}
