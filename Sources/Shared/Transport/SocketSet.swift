import CZMQ

/// The sockets of a loop: made, waited for together, and served in turn.
///
/// Belongs to the loop's thread.
final class SocketSet {
    private let context: Context
    private var sockets: [SocketCore] = []
    private var monitorCount = 0
    private var admission: AdmissionSocket?

    init(context: Context) {
        self.context = context
    }

    /// Whether anything waits to be sent.
    var hasQueuedMessages: Bool { sockets.contains { $0.hasQueuedMessages } }

    /// Whether anything waits to be sent that libzmq does not tell about when it can be.
    var hasToRetry: Bool { sockets.contains { $0.hasQueuedMessages && !$0.signalsWhenWritable } }

    /// The longest time, in nanoseconds, that a socket with waiting messages may linger for.
    var longestLinger: Int64 {
        sockets.filter { $0.hasQueuedMessages }.map { $0.options.linger.nanoseconds }.max() ?? 0
    }

    /// Has `decide` asked about every connection to a server with keys among the sockets, instead of whoever was before.
    func decideAdmission(by decide: @escaping (AdmissionRequest) -> Bool) throws(TransportError) {
        try openAdmission().decide = decide
    }

    private func openAdmission() throws(TransportError) -> AdmissionSocket {
        if let admission { return admission }
        let new = try AdmissionSocket(in: context)
        admission = new
        return new
    }

    /// When something is to be done although no socket has anything: nanoseconds of the loop's clock; nil where nothing
    /// is.
    var nextDeadline: Int64? {
        let deadlines = sockets.compactMap(\.nextDeadline) + [admission?.nextAnswer].compactMap { $0 }
        return deadlines.min()
    }

    /// Does what is due.
    func tick(at now: Int64) {
        admission?.answer(at: now)
        for socket in sockets where socket.nextDeadline.map({ $0 <= now }) ?? false { socket.tick(at: now) }
    }

    /// Makes a router socket that listens, or a dealer socket that connects.
    func open(
        _ kind: RawSocket.Kind, _ endpoint: Endpoint, _ options: SocketOptions
    ) throws(TransportError) -> SocketCore {
        switch options.security {
        case .openServer, .curveServer: _ = try openAdmission()
        case .none, .open, .curveClient: break
        }
        let socket = try RawSocket(kind, in: context, for: endpoint, options)
        let monitor = try SocketMonitor(socket, in: context, number: monitorCount, for: endpoint)
        monitorCount += 1
        do throws(TransportError) {
            let place: Endpoint
            switch kind {
            case .router: place = try socket.bind(to: endpoint)
            case .dealer:
                try socket.connect(to: endpoint)
                place = endpoint
            }
            let core = SocketCore(socket, monitor: monitor, endpoint: place, options: options)
            sockets.append(core)
            return core
        } catch {
            monitor.close()
            socket.close()
            throw error
        }
    }

    /// Sends what waits, as far as libzmq takes it, and forgets the sockets that were closed.
    func sendQueued() {
        for socket in sockets where socket.hasQueuedMessages { socket.sendQueued() }
        sockets.removeAll { $0.isClosed }
    }

    /// Waits for sockets and for `wakeDescriptor`, at most `timeout` milliseconds (-1: for ever), and serves the
    /// sockets that have something, after `onWake` where the descriptor was signalled. Without `reading` no more
    /// messages are taken in. No socket may be closed that ``sendQueued()`` has not forgotten since.
    func serve(wakeDescriptor: Int32, timeout: Int, reading: Bool, now: () -> Int64, onWake: () -> Void) {
        let pollIn = Int16(ZMQ_POLLIN)
        var items = [zmq_pollitem_t(socket: nil, fd: wakeDescriptor, events: pollIn, revents: 0)]
        for socket in sockets {
            let writing = socket.hasQueuedMessages && socket.signalsWhenWritable
            let events = (reading ? pollIn : 0) | (writing ? Int16(ZMQ_POLLOUT) : 0)
            items.append(zmq_pollitem_t(socket: socket.handle, fd: 0, events: events, revents: 0))
            items.append(zmq_pollitem_t(socket: socket.monitorHandle, fd: 0, events: pollIn, revents: 0))
        }
        if let admission {
            items.append(zmq_pollitem_t(socket: admission.handle, fd: 0, events: pollIn, revents: 0))
        }
        let result = zmq_poll(&items, Int32(items.count), timeout)
        // The items are right by construction.
        precondition(result >= 0 || zmq_errno() == EINTR, "zmq_poll: \(systemMessage(zmq_errno()))")
        guard result > 0 else { return }
        if items[0].revents != 0 { onWake() }
        if let admission, items[items.count - 1].revents & pollIn != 0 { admission.hear(at: now()) }
        // A handler may open and close sockets: those that were polled are served, the closed ones say so.
        for (index, socket) in sockets.enumerated() {
            if items[2 * index + 2].revents & pollIn != 0 { socket.receiveEvents(at: now()) }
            if items[2 * index + 1].revents & pollIn != 0 { socket.receive() }
        }
    }

    /// Closes all sockets.
    func close() {
        for socket in sockets { socket.close() }
        sockets.removeAll()
        admission?.close()
        admission = nil
    }
}
