import Foundation
import Locking
package import Transport

/// The coordinator's own keys and those of the workers that it lets in.
package struct ServerKeys: Sendable {
    /// Environment variables: the coordinator's secret key, and the public keys of the workers, one a line.
    package static let secretVariable = "COORDINATOR_SECRET_KEY"
    package static let workersVariable = "WORKER_PUBLIC_KEYS"
    /// Every variable that may hold a key. Local workers don't inherit them: they come by a private socket.
    static let variables = [
        secretVariable, workersVariable, ClientKeys.secretVariable, ClientKeys.coordinatorVariable,
    ]

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
}

/// A list of public keys. One in a file is read again when the file has changed, so that a worker can be added while
/// the run goes on; a file that is gone or broken leaves the list as it was.
final class AdmittedKeys: @unchecked Sendable {
    private let lock = Lock()
    private let file: String?
    private var keys: Set<CurvePublicKey>
    private var version: Version?

    private struct Version: Equatable {
        var modified: Date?
        var size: Int?
        var number: Int?
    }

    init(_ keys: [CurvePublicKey]) {
        file = nil
        self.keys = Set(keys)
    }

    init(file: String) throws {
        self.file = file
        version = Self.version(of: file)
        keys = Set(try CurveKeyFile.publicKeys(at: file))
    }

    func contains(_ key: CurvePublicKey) -> Bool {
        lock.withLock {
            if let file, let current = Self.version(of: file), current != version {
                version = current
                if let fresh = try? CurveKeyFile.publicKeys(at: file) { keys = Set(fresh) }
            }
            return keys.contains(key)
        }
    }

    private static func version(of file: String) -> Version? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file) else { return nil }
        return Version(
            modified: attributes[.modificationDate] as? Date, size: (attributes[.size] as? NSNumber)?.intValue,
            number: (attributes[.systemFileNumber] as? NSNumber)?.intValue)
    }
}
