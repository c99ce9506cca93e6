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
        /// In the clear, with anybody: for endpoints that only this host can reach.
        case none
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
    /// Whether host names and `*` also stand for IPv6 addresses. (An IPv6 address is always understood.)
    package var ipv6 = false
    /// The identity that a dealer socket gives itself, 1 to 255 bytes, the first not zero; by default the router
    /// makes one up for each connection, so that a socket opened afresh is never mistaken for the one before.
    package var identity: [UInt8]?
    /// Whether a router socket lets a new connection take over the identity of an old one. Off by default: with
    /// it, anybody who can connect can take over anybody's messages.
    package var routerHandover = false
    /// The keys; none by default.
    package var security = Security.none

    package init() {}
}
