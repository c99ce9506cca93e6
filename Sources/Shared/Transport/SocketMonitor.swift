import CZMQ
import Foundation

/// Reports what happens to the connections of one socket, through libzmq's own monitoring.
final class SocketMonitor {
    private let watched: RawSocket
    /// A router's connections.
    private var connections = ConnectionTable()
    /// A router's handshake that failed and whose connection is not reported closed yet: the report, which follows
    /// at once from the same thread of libzmq's, names the connection.
    private var failure: HandshakeFailure?
    /// What was read and not handed over.
    private var pending: SocketEvent?
    private(set) var handle: UnsafeMutableRawPointer?

    /// Watches `socket`, whose connections must not have begun. `number` is unique within the context.
    init(_ socket: RawSocket, in context: Context, number: Int, for endpoint: Endpoint) throws(TransportError) {
        watched = socket
        let address = "inproc://monitor-\(number)"
        let events =
            ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
            | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        guard zmq_socket_monitor(socket.handle, address, events) == 0,
            let handle = zmq_socket(context.handle, ZMQ_PAIR)
        else { throw .system(operation: "watch", subject: endpoint.text, code: zmq_errno()) }
        self.handle = handle
        // libzmq's own thread waits where there is no room for an event, and closing the socket waits for that thread.
        var (linger, unlimited): (Int32, Int32) = (0, 0)
        let size = MemoryLayout<Int32>.size
        guard zmq_setsockopt(handle, ZMQ_LINGER, &linger, size) == 0,
            zmq_setsockopt(handle, ZMQ_RCVHWM, &unlimited, size) == 0,
            zmq_connect(handle, address) == 0
        else {
            let code = zmq_errno()
            close()
            throw .system(operation: "watch", subject: endpoint.text, code: code)
        }
    }

    deinit {
        close()
    }

    /// Stops watching; to be called before the watched socket is closed.
    func close() {
        guard let handle else { return }
        self.handle = nil
        if let socket = watched.handle { zmq_socket_monitor(socket, nil, 0) }
        zmq_close(handle)
    }

    func shed(beyond limit: Int) -> (count: Int, address: String?) { connections.shed(beyond: limit) }
    func firstSilent() -> Int64? { connections.firstSilent() }
    func shutDownSilent(before moment: Int64) -> (count: Int, address: String?) {
        connections.shutDownSilent(before: moment)
    }
    func shutDown(unless isAdmitted: (String) -> Bool) { connections.shutDown(unless: isAdmitted) }
    func shutDown(_ descriptor: Int32) { connections.shutDown(descriptor) }

    /// The connection sent a message, its client proved by the key.
    func note(messageBy descriptor: Int32, key: String?) { connections.note(messageBy: descriptor, key: key) }

    /// The next event, if one is there.
    /// - Parameter now: nanoseconds of the loop's clock.
    func next(at now: Int64 = 0) -> SocketEvent? {
        if let pending {
            self.pending = nil
            return pending
        }
        while let (event, value) = receive() {
            if event == ZMQ_EVENT_ACCEPTED {
                connections.open(value, at: now)
            } else if event == ZMQ_EVENT_DISCONNECTED {
                let address = connections.close(value)
                defer { failure = nil }
                return failure.map { .handshakeFailed($0, address: address) } ?? .disconnected
            } else if let event = SocketMonitor.event(event, value) {
                return hold(event)
            }
        }
        return nil
    }

    /// Keeps back a router's failed handshake for the report that names the connection, and hands over the one
    /// before it if that has come in vain.
    private func hold(_ event: SocketEvent) -> SocketEvent? {
        let former = failure.map { SocketEvent.handshakeFailed($0) }
        failure = nil
        // A client that is told that it is not admitted closes the connection itself, some time later.
        if watched.kind == .router, case .handshakeFailed(let new, _) = event, !new.isRefusal {
            failure = new
            return former ?? next()
        }
        guard let former else { return event }
        pending = event
        return former
    }

    /// A 16-bit event and a 32-bit value, as this machine writes numbers.
    private func receive() -> (event: Int32, value: Int32)? {
        var header = [UInt8](repeating: 0, count: 6)
        guard let handle, zmq_recv(handle, &header, header.count, ZMQ_DONTWAIT) == header.count else { return nil }
        // The second frame is the address, which the socket's owner knows.
        zmq_recv(handle, nil, 0, ZMQ_DONTWAIT)
        return header.withUnsafeBytes {
            (
                Int32($0.loadUnaligned(fromByteOffset: 0, as: UInt16.self)),
                $0.loadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
    }

    private static func event(_ event: Int32, _ value: Int32) -> SocketEvent? {
        switch event {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
        case ZMQ_EVENT_CONNECT_RETRIED: return .retrying(after: .milliseconds(value))
        case ZMQ_EVENT_ACCEPT_FAILED: return .acceptFailed(code: value)
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: return .handshakeFailed(.connectionLost(code: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: return .handshakeFailed(.notAdmitted(status: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            switch value {
            case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: return .handshakeFailed(.wrongKey)
            case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: return .handshakeFailed(.mechanismMismatch)
            default: return .handshakeFailed(.protocolError(code: value))
            }
        default: return nil
        }
    }
}

extension HandshakeFailure {
    fileprivate var isRefusal: Bool {
        if case .notAdmitted = self { true } else { false }
    }
}
