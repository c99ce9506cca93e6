/// Where the side that connects, a worker or who asks for progress, finds its keys.
package enum ClientKeys {
    /// Environment variables: this side's secret key, and the coordinator's public one.
    package static let secretVariable = "WORKER_SECRET_KEY"
    package static let coordinatorVariable = "COORDINATOR_PUBLIC_KEY"

    /// The keys in the files, else in the environment; none at all where only this host can reach `endpoint`.
    ///
    /// Any other endpoint needs keys: in the clear anybody on the way could read, answer and lie.
    package static func security(
        for endpoint: Endpoint, keyFile: String?, coordinatorKeyFile: String?, environment: [String: String]
    ) throws -> SocketOptions.Security {
        let own =
            if let keyFile { try CurveKeyFile.pair(at: keyFile) } else {
                try CurveKeyFile.pair(variable: secretVariable, in: environment)
            }
        let server: CurvePublicKey?
        if let coordinatorKeyFile {
            server = try CurveKeyFile.publicKey(at: coordinatorKeyFile)
        } else {
            let keys = try CurveKeyFile.publicKeys(variable: coordinatorVariable, in: environment)
            if let keys, keys.count > 1 {
                throw KeyError.notOneKey(place: coordinatorVariable, kind: "public", found: keys.count)
            }
            server = keys?.first
        }
        switch (own, server) {
        case (let own?, let server?): return .curveClient(server: server, own: own)
        case (nil, nil):
            guard endpoint.isLocalOnly else { throw KeyMismatch.keysNeeded(endpoint) }
            return SocketOptions.securityWithoutKeys(endpoint, listens: false)
        case (nil, _): throw KeyError.incomplete(given: "the coordinator's key", missing: "--key")
        case (_, nil): throw KeyError.incomplete(given: "--key", missing: "--coordinator-key")
        }
    }
}
