import CZMQ
import Foundation

/// The one owner of a libzmq socket: options, whole messages out, whole messages in, never waiting.
///
/// Belongs to one thread at a time.
final class RawSocket {
    /// The two kinds in use. A router speaks to many peers and names each; a dealer speaks to one place.
    enum Kind {
        case router, dealer

        var type: Int32 { self == .router ? ZMQ_ROUTER : ZMQ_DEALER }
    }

    /// What became of a message.
    enum Sending: Equatable {
        case sent, wouldBlock, unreachable
        case failed(code: Int32)
    }

    /// What was there to receive.
    enum Receiving {
        case message([Frame])
        /// A message of too many frames; only the first (of a router: the peer's identity) is kept.
        case refused(first: Frame?, frames: Int)
        case nothing
        case failed(code: Int32)
    }

    let kind: Kind
    private(set) var handle: UnsafeMutableRawPointer?

    init(_ kind: Kind, in context: Context, for endpoint: Endpoint, _ options: SocketOptions) throws(TransportError) {
        self.kind = kind
        guard let handle = zmq_socket(context.handle, kind.type) else {
            throw .system(operation: "open a socket for", subject: endpoint.text, code: zmq_errno())
        }
        self.handle = handle
        do throws(TransportError) {
            try apply(options, endpoint)
        } catch {
            close()
            throw error
        }
    }

    deinit {
        close()
    }

    /// Closes the socket; what waits is sent in the background for as long as the linger option says.
    func close() {
        guard let handle else { return }
        self.handle = nil
        zmq_close(handle)
    }

    /// Listens at `endpoint`; returns it with the port that was chosen where it left that open.
    func bind(to endpoint: Endpoint) throws(TransportError) -> Endpoint {
        if let path = endpoint.path { try RawSocket.clear(path, endpoint) }
        guard zmq_bind(handle, endpoint.text) == 0 else {
            switch zmq_errno() {
            case EADDRINUSE: throw .addressInUse(endpoint)
            case EACCES, EPERM, EROFS: throw .noPermission(endpoint)
            case EADDRNOTAVAIL, ENODEV: throw .addressNotAvailable(endpoint)
            case EINVAL: throw .badEndpoint(endpoint.text, reason: "nothing can listen there")
            case let code: throw .system(operation: "listen at", subject: endpoint.text, code: code)
            }
        }
        guard let path = endpoint.path else { return try lastEndpoint(otherwise: endpoint) }
        // Whoever may open the file may speak to the socket.
        guard chmod(path, S_IRUSR | S_IWUSR) == 0 else {
            throw .system(operation: "protect", subject: path, code: errno)
        }
        return endpoint
    }

    /// Connects to `endpoint` as soon as somebody listens there.
    func connect(to endpoint: Endpoint) throws(TransportError) {
        guard endpoint.isConnectable else {
            throw .badEndpoint(endpoint.text, reason: "one can listen there, but not connect to it")
        }
        guard zmq_connect(handle, endpoint.text) == 0 else {
            throw .system(operation: "connect to", subject: endpoint.text, code: zmq_errno())
        }
    }

    /// Sends `frames` as one message, after the frame that names `peer` where there is one, or none of it.
    func send(_ frames: [Frame], to peer: Peer?) -> Sending {
        var parts = frames[...]
        let first = peer.map { Frame($0.bytes) } ?? parts.removeFirst()
        switch send(first, more: !parts.isEmpty) {
        case 0: break
        case EAGAIN: return .wouldBlock
        case EHOSTUNREACH: return .unreachable
        case let code: return .failed(code: code)
        }
        // Once the first frame is accepted libzmq takes the rest, or drops it with the connection; the message
        // must be brought to its end in any case, or the next one would be taken for its continuation.
        while let part = parts.popFirst() { _ = send(part, more: !parts.isEmpty) }
        return .sent
    }

    /// Takes the next message, if one is there.
    func receive(maximumFrames: Int) -> Receiving {
        var frames: [Frame] = []
        var count = 0
        while true {
            let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
            zmq_msg_init(message)
            guard retrying({ zmq_msg_recv(message, handle, ZMQ_DONTWAIT) }) >= 0 else {
                let code = zmq_errno()
                zmq_msg_close(message)
                message.deallocate()
                return code == EAGAIN ? .nothing : .failed(code: code)
            }
            let more = zmq_msg_more(message) != 0
            let frame = Frame(ReceivedFrame(takingOver: message))
            count += 1
            if count <= max(1, maximumFrames) { frames.append(frame) } else { frames.removeLast(frames.count - 1) }
            if more { continue }
            return count <= max(1, maximumFrames) ? .message(frames) : .refused(first: frames.first, frames: count)
        }
    }

    /// 0, or the errno.
    private func send(_ frame: Frame, more: Bool) -> Int32 {
        var message = zmq_msg_t()
        return withUnsafeMutablePointer(to: &message) { message in
            guard frame.initialize(message) else { return zmq_errno() }
            let flags = more ? ZMQ_DONTWAIT | ZMQ_SNDMORE : ZMQ_DONTWAIT
            if retrying({ zmq_msg_send(message, handle, flags) }) >= 0 { return 0 }
            let code = zmq_errno()
            zmq_msg_close(message)
            return code
        }
    }

    private func retrying(_ call: () -> Int32) -> Int32 {
        while true {
            let result = call()
            if result >= 0 || zmq_errno() != EINTR { return result }
        }
    }

    /// libzmq removes whatever lies at the path of an ipc endpoint: make sure that it is only what a dead program
    /// left behind.
    private static func clear(_ path: String, _ endpoint: Endpoint) throws(TransportError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocketFile(endpoint) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(operation: "examine", subject: path, code: errno) }
        defer { Glibc.close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if connected == 0 || errno == EAGAIN { throw .addressInUse(endpoint) }
        if errno == EACCES { throw .noPermission(endpoint) }
    }
}

extension RawSocket {
    private func apply(_ options: SocketOptions, _ endpoint: Endpoint) throws(TransportError) {
        try set(ZMQ_MAXMSGSIZE, Int64(max(0, options.maximumFrameBytes)), endpoint)
        try set(ZMQ_SNDHWM, Int32(clamping: max(1, options.sendHighWaterMark)), endpoint)
        try set(ZMQ_RCVHWM, Int32(clamping: max(1, options.receiveHighWaterMark)), endpoint)
        try set(ZMQ_LINGER, options.linger.milliseconds, endpoint)
        try set(ZMQ_HANDSHAKE_IVL, options.handshakeTimeout.milliseconds, endpoint)
        try set(ZMQ_RECONNECT_IVL, options.reconnectInterval.milliseconds, endpoint)
        try set(ZMQ_RECONNECT_IVL_MAX, options.maximumReconnectInterval.milliseconds, endpoint)
        try set(ZMQ_TCP_KEEPALIVE, options.tcpKeepAlive ? 1 : 0 as Int32, endpoint)
        try set(ZMQ_IPV6, options.ipv6 || endpoint.usesIPv6 ? 1 : 0 as Int32, endpoint)
        if let heartbeat = options.heartbeat {
            try set(ZMQ_HEARTBEAT_IVL, heartbeat.interval.milliseconds, endpoint)
            try set(ZMQ_HEARTBEAT_TIMEOUT, heartbeat.timeout.milliseconds, endpoint)
        }
        if kind == .router {
            // Without it, a message to a peer that is gone would vanish silently.
            try set(ZMQ_ROUTER_MANDATORY, 1 as Int32, endpoint)
        }
        switch options.security {
        case .none: break
        case .openServer: try serve(.open(), domain: AdmissionSocket.openDomain, endpoint)
        case .curveServer(let own): try serve(own, domain: AdmissionSocket.keyDomain, endpoint)
        case .open: try use(.open(), server: CurveKeyPair.open().publicKey, endpoint)
        case .curveClient(let server, let own): try use(own, server: server, endpoint)
        }
    }

    private func serve(_ own: CurveKeyPair, domain: String, _ endpoint: Endpoint) throws(TransportError) {
        try set(ZMQ_CURVE_SERVER, 1 as Int32, endpoint)
        try set(ZMQ_CURVE_SECRETKEY, key: own.secretKey.z85, endpoint)
        try set(ZMQ_ZAP_DOMAIN, Array(domain.utf8), endpoint)
    }

    private func use(_ own: CurveKeyPair, server: CurvePublicKey, _ endpoint: Endpoint) throws(TransportError) {
        try set(ZMQ_CURVE_SERVERKEY, key: server.z85, endpoint)
        try set(ZMQ_CURVE_PUBLICKEY, key: own.publicKey.z85, endpoint)
        try set(ZMQ_CURVE_SECRETKEY, key: own.secretKey.z85, endpoint)
    }

    private func set(_ option: Int32, _ value: some FixedWidthInteger, _ endpoint: Endpoint) throws(TransportError) {
        var value = value
        try check(zmq_setsockopt(handle, option, &value, MemoryLayout.size(ofValue: value)), endpoint)
    }

    private func set(_ option: Int32, _ value: [UInt8], _ endpoint: Endpoint) throws(TransportError) {
        try check(zmq_setsockopt(handle, option, value, value.count), endpoint)
    }

    private func set(_ option: Int32, key: String, _ endpoint: Endpoint) throws(TransportError) {
        // The 41st byte, the terminating zero, says that the key is text.
        try check(zmq_setsockopt(handle, option, key, 41), endpoint)
    }

    private func check(_ result: Int32, _ endpoint: Endpoint) throws(TransportError) {
        guard result == 0 else {
            throw .system(operation: "set up a socket for", subject: endpoint.text, code: zmq_errno())
        }
    }

    private func lastEndpoint(otherwise endpoint: Endpoint) throws(TransportError) -> Endpoint {
        var text = [CChar](repeating: 0, count: 512)
        var count = text.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &count) == 0 else { return endpoint }
        return try Endpoint(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
