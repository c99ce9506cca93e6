/// How a socket behaves: its limits, its patience and its keys.
package struct SocketOptions: Sendable {
    /// Signs of life on an idle connection, exchanged by libzmq itself.
    package struct Heartbeat: Sendable {
        /// How often one is sent.
        package var interval: Duration
        /// How long after one without an answer the connection is given up.
        package var timeout: Duration

        package init(interval: Duration, timeout: Duration) {
            self.interval = interval
            self.timeout = timeout
        }
    }

    /// Who may read the traffic, and how the two sides know one another.
    package enum Security: Sendable {
        /// In the clear, with anybody: for sockets that only this user's processes can reach. A peer chooses its own
        /// identity there, and can stop the program with it.
        case none
        /// With anybody, by a key that everybody knows: no secret, but the connection's identity is given by
        /// the side that listens, which only CURVE allows. For endpoints that only this host can reach.
        case open
        /// As ``open``, on the side that listens.
        case openServer
        /// CURVE, as the side that listens; ``MessageLoop/decideAdmission(by:)`` says who is let in.
        case curveServer(CurveKeyPair)
        /// CURVE, as the side that connects and knows the server's public key.
        case curveClient(server: CurvePublicKey, own: CurveKeyPair)
    }

    /// The largest frame that is accepted, in bytes; the connection of a peer that sends a larger one is closed.
    package var maximumFrameBytes = 1 << 30
    /// The most frames of one message; a message of more is dropped and reported.
    package var maximumFrames = 64
    /// How many messages libzmq holds for one peer, outgoing; further ones wait in a queue of the socket's own.
    package var sendHighWaterMark = 1000
    /// How many messages libzmq holds of one peer, incoming; the peer then has to wait.
    package var receiveHighWaterMark = 1000
    /// How many messages may wait for one peer beyond ``sendHighWaterMark``.
    package var maximumQueuedMessages = 10_000
    /// How many bytes may wait for one peer beyond what libzmq holds.
    package var maximumQueuedBytes = 1 << 30
    /// How long closing the socket, or stopping its loop, goes on sending what still waits.
    package var linger: Duration = .seconds(1)
    /// How long a new connection may take to introduce itself.
    package var handshakeTimeout: Duration = .seconds(10)
    /// How long to wait before connecting again, at first; doubled on every failure.
    package var reconnectInterval: Duration = .milliseconds(100)
    /// How long to wait before connecting again, at most.
    package var maximumReconnectInterval: Duration = .seconds(5)
    /// Signs of life on an idle connection; none by default.
    package var heartbeat: Heartbeat?
    /// Whether TCP itself notices that a silent peer is gone.
    package var tcpKeepAlive = true
    /// Whether host names also stand for IPv6 addresses. (An IPv6 address is always understood, and `*` is both.)
    package var ipv6 = false
    /// How long a connection to a router may be without having sent a message before it is closed; nil for ever.
    package var introductionTimeout: Duration?
    /// How long a connection to a router may last at all; nil for ever.
    package var connectionLifetime: Duration?
    /// How many connections a router has at a time; beyond them those are closed that have been silent longest.
    package var maximumConnections = Int.max
    /// The keys; none by default.
    package var security = Security.none

    package init() {}

    /// Options of the side that connects to an endpoint that nobody has keys for.
    package static func withoutKeys(_ endpoint: Endpoint) -> SocketOptions {
        var options = SocketOptions()
        options.security = securityWithoutKeys(endpoint, listens: false)
        return options
    }

    /// What is used on either side of an endpoint that nobody has keys for.
    package static func securityWithoutKeys(_ endpoint: Endpoint, listens: Bool) -> Security {
        endpoint.path == nil ? (listens ? .openServer : .open) : .none
    }
}
