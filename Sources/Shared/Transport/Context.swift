import CZMQ

/// The one owner of a libzmq context: its I/O threads, and the sockets made in it.
final class Context {
    let handle: UnsafeMutableRawPointer
    private var isTerminated = false

    /// Starts a context; the I/O threads start with the first socket.
    init(ioThreads: Int) throws(TransportError) {
        guard let handle = zmq_ctx_new() else {
            throw .system(operation: "start", subject: "a libzmq context", code: zmq_errno())
        }
        self.handle = handle
        zmq_ctx_set(handle, ZMQ_IO_THREADS, Int32(clamping: max(1, ioThreads)))
        // Its own limit is 1,023, of which each socket takes three with its monitor; descriptors end sooner than this.
        zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, zmq_ctx_get(handle, ZMQ_SOCKET_LIMIT))
    }

    deinit {
        terminate()
    }

    /// Waits until the closed sockets have sent what waits, or lingered for as long as they may. All sockets must
    /// be closed.
    func terminate() {
        guard !isTerminated else { return }
        isTerminated = true
        while zmq_ctx_term(handle) != 0 && zmq_errno() == EINTR {}
    }
}
