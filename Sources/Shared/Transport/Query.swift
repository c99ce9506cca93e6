import CZMQ
import Foundation

/// A question to a router socket, and its answer: for a program that asks once in a while and has no loop.
package enum Query {
    /// Sends `frames` to `endpoint` and waits for the answer, at most for `timeout`. It blocks the calling thread.
    ///
    /// The other side gets and sends the frames as they are here. Throws
    /// ``TransportError/noAnswer(_:timeout:connected:)``, which tells a busy host from a missing one.
    package static func ask(
        _ endpoint: Endpoint, _ frames: [Frame], timeout: Duration, options: SocketOptions = SocketOptions()
    ) throws(TransportError) -> [Frame] {
        precondition(!frames.isEmpty, "a message has at least one frame")
        var options = options
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
        let answer = try wait(for: socket, endpoint, timeout, options)
        if let answer { return answer }
        var connected = false
        while let event = monitor.next() {
            if event == .connected { connected = true }
            if event == .disconnected { connected = false }
        }
        throw .noAnswer(endpoint, timeout: timeout, connected: connected)
    }

    private static func wait(
        for socket: RawSocket, _ endpoint: Endpoint, _ timeout: Duration, _ options: SocketOptions
    ) throws(TransportError) -> [Frame]? {
        let start = ContinuousClock.now
        while true {
            switch socket.receive(maximumFrames: options.maximumFrames) {
            case .message(let frames): return frames
            case .refused: continue
            case .failed(let code): throw .system(operation: "ask", subject: endpoint.text, code: code)
            case .nothing: break
            }
            let remaining = timeout - start.duration(to: .now)
            if remaining <= .zero { return nil }
            var item = zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
            guard zmq_poll(&item, 1, Int(remaining.milliseconds)) >= 0 || zmq_errno() == EINTR else {
                throw .system(operation: "ask", subject: endpoint.text, code: zmq_errno())
            }
        }
    }
}
