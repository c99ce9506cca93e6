import CZMQ
import Foundation

/// A question to a router socket, and its answer: for a program that asks once in a while and has no loop.
package enum Query {
    /// Sends `frames` to `endpoint` and waits for the answer, at most for `timeout`. It blocks the calling thread.
    ///
    /// Without options it is asked as an endpoint that nobody has keys for.
    ///
    /// The other side gets and sends the frames as they are here. Throws
    /// ``TransportError/noAnswer(_:timeout:connected:)``, which tells a busy host from a missing one, or
    /// ``TransportError/wrongKeys(_:)`` as soon as it is clear that the keys do not fit.
    package static func ask(
        _ endpoint: Endpoint, _ frames: [Frame], timeout: Duration, options: SocketOptions? = nil
    ) throws(TransportError) -> [Frame] {
        precondition(!frames.isEmpty, "a message has at least one frame")
        var options = options ?? .withoutKeys(endpoint)
        options.linger = .zero
        let context = try Context(ioThreads: 1)
        defer { context.terminate() }
        let socket = try RawSocket(.dealer, in: context, for: endpoint, options)
        defer { socket.close() }
        let monitor = try SocketMonitor(socket, in: context, number: 0, for: endpoint)
        defer { monitor.close() }
        try socket.connect(to: endpoint)
        // The first message of a fresh socket: there is room for it.
        guard socket.send(frames, to: nil) == .sent else {
            throw .system(operation: "ask", subject: endpoint.text, code: zmq_errno())
        }
        var connected = false
        var diagnosis = HandshakeDiagnosis(endpoint, options.security)
        let answer = try wait(for: socket, monitor, endpoint, timeout, options) { event throws(TransportError) in
            if event == .connected { connected = true }
            if event == .disconnected { connected = false }
            guard diagnosis.note(event) else { return }
            if let mismatch = diagnosis.mismatch(HandshakeDiagnosis.ask(endpoint, timeout: .seconds(1))) {
                throw .wrongKeys(mismatch)
            }
        }
        if let answer { return answer }
        throw .noAnswer(endpoint, timeout: timeout, connected: connected)
    }

    private static func wait(
        for socket: RawSocket, _ monitor: SocketMonitor, _ endpoint: Endpoint, _ timeout: Duration,
        _ options: SocketOptions, onEvent: (SocketEvent) throws(TransportError) -> Void
    ) throws(TransportError) -> [Frame]? {
        let start = ContinuousClock.now
        while true {
            while let event = monitor.next() { try onEvent(event) }
            switch socket.receive(maximumFrames: options.maximumFrames) {
            case .message(let frames): return frames
            case .refused: continue
            case .failed(let code): throw .system(operation: "ask", subject: endpoint.text, code: code)
            case .nothing: break
            }
            let remaining = timeout - start.duration(to: .now)
            if remaining <= .zero { return nil }
            var items = [socket.handle, monitor.handle].map {
                zmq_pollitem_t(socket: $0, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            }
            guard zmq_poll(&items, Int32(items.count), Int(remaining.milliseconds)) >= 0 || zmq_errno() == EINTR else {
                throw .system(operation: "ask", subject: endpoint.text, code: zmq_errno())
            }
        }
    }
}
