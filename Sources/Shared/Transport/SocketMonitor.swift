import CZMQ
import Foundation

/// Reports what happens to the connections of one socket, through libzmq's own monitoring.
final class SocketMonitor {
    private let watched: RawSocket
    private(set) var handle: UnsafeMutableRawPointer?

    /// Watches `socket`, whose connections must not have begun. `number` is unique within the context.
    init(_ socket: RawSocket, in context: Context, number: Int, for endpoint: Endpoint) throws(TransportError) {
        watched = socket
        let address = "inproc://monitor-\(number)"
        let events =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
            | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
            | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        guard zmq_socket_monitor(socket.handle, address, events) == 0,
            let handle = zmq_socket(context.handle, ZMQ_PAIR)
        else { throw .system(operation: "watch", subject: endpoint.text, code: zmq_errno()) }
        self.handle = handle
        var linger: Int32 = 0
        guard zmq_setsockopt(handle, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size) == 0,
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

    /// The next event, if one is there.
    func next() -> SocketEvent? {
        while let frames = receive() {
            if let event = SocketMonitor.event(frames) { return event }
        }
        return nil
    }

    private func receive() -> [UInt8]? {
        var header = [UInt8](repeating: 0, count: 6)
        guard let handle, zmq_recv(handle, &header, header.count, ZMQ_DONTWAIT) == header.count else { return nil }
        // The second frame is the address, which the socket's owner knows.
        zmq_recv(handle, nil, 0, ZMQ_DONTWAIT)
        return header
    }

    /// Reads the first frame of an event: a 16-bit event and a 32-bit value, as this machine writes numbers.
    private static func event(_ bytes: [UInt8]) -> SocketEvent? {
        let (event, value) = bytes.withUnsafeBytes {
            (
                Int32($0.loadUnaligned(fromByteOffset: 0, as: UInt16.self)),
                $0.loadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
        switch event {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: return .connected
        case ZMQ_EVENT_DISCONNECTED: return .disconnected
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
