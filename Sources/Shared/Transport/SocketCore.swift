import CZMQ

/// What the loop knows of a socket: libzmq's socket, its monitor, the messages that wait, and whom to call.
///
/// Belongs to the loop's thread.
final class SocketCore {
    /// How many messages are handed over in one turn of the loop, so that timers and jobs have theirs.
    private static let messagesPerTurn = 64
    /// Those of connections cost less, and come in thousands at a time.
    private static let eventsPerTurn = 4096

    let endpoint: Endpoint
    let options: SocketOptions
    private let socket: RawSocket
    private let monitor: SocketMonitor
    private var queue: OutboundQueue

    var receiveHandler: (([Frame]) -> Void)?
    var eventHandler: ((SocketEvent) -> Void)?

    init(
        _ socket: RawSocket, monitor: SocketMonitor, endpoint: Endpoint, options: SocketOptions
    ) {
        self.socket = socket
        self.monitor = monitor
        self.endpoint = endpoint
        self.options = options
        queue = OutboundQueue(
            maximumMessages: options.maximumQueuedMessages, maximumBytes: options.maximumQueuedBytes)
    }

    var isClosed: Bool { socket.handle == nil }
    var handle: UnsafeMutableRawPointer? { socket.handle }
    var monitorHandle: UnsafeMutableRawPointer? { monitor.handle }
    var hasQueuedMessages: Bool { !queue.isEmpty }

    /// Whether libzmq says when the queue can go on. Of a router it only says that some peer can be sent to, and
    /// that may be another one.
    var signalsWhenWritable: Bool { socket.kind == .dealer }

    func waiting(for peer: Peer?) -> (messages: Int, bytes: Int) { queue.waiting(for: peer) }

    func close() {
        monitor.close()
        socket.close()
        receiveHandler = nil
        eventHandler = nil
    }

    // MARK: Connections

    /// When something is to be done with the connections.
    var nextDeadline: Int64? {
        guard socket.kind == .router, !isClosed else { return nil }
        return patience.flatMap { timeout in
            monitor.firstSilent().map { $0.addingReportingOverflow(timeout.nanoseconds).partialValue }
        }
    }

    /// How long a connection lasts that has said nothing, or any where all of them are short.
    /// At a path only this user's processes can connect, and libzmq may not say by which connection a message came.
    private var patience: Duration? {
        options.connectionLifetime ?? (endpoint.path == nil ? options.introductionTimeout : nil)
    }

    func tick(at now: Int64) {
        if let patience {
            let (count, address) = monitor.shutDownSilent(before: now - patience.nanoseconds)
            if count > 0, options.connectionLifetime == nil {
                eventHandler?(.silent(connections: count, address: address))
            }
        }
    }

    /// Closes connections whose client's key is not admitted any more.
    func shutDown(unless isAdmitted: (String) -> Bool) { monitor.shutDown(unless: isAdmitted) }

    func shutDown(_ descriptor: Int32) { monitor.shutDown(descriptor) }

    /// Listens at a path whose file is gone, besides. Those who came by it before stay connected.
    func listenAnew() { _ = try? socket.bind(to: endpoint) }

    // MARK: Messages

    func send(_ frames: [Frame], to peer: Peer?) throws(TransportError) {
        guard !isClosed else { throw .closed(endpoint) }
        if queue.waiting(for: peer).messages == 0 {
            switch socket.send(frames, to: peer) {
            case .sent: return
            case .wouldBlock: break
            case .unreachable: throw .unreachable(peer ?? Peer([]), endpoint)
            case .failed(let code): throw .system(operation: "send to", subject: endpoint.text, code: code)
            }
        }
        guard queue.append(frames, for: peer) else {
            let waiting = queue.waiting(for: peer)
            throw .queueFull(endpoint, messages: waiting.messages, bytes: waiting.bytes)
        }
    }

    /// Sends what waits, as far as libzmq takes it.
    func sendQueued() {
        for peer in queue.peers {
            sending: while let frames = queue.first(for: peer) {
                switch socket.send(frames, to: peer) {
                case .sent: queue.removeFirst(for: peer)
                case .wouldBlock: break sending
                case .unreachable, .failed:
                    let dropped = queue.removeAll(for: peer)
                    eventHandler?(.unreachable(peer ?? Peer([]), droppedMessages: dropped))
                }
            }
        }
    }

    /// Hands over what has arrived, up to a turn's share.
    func receive() {
        // The frame that a router puts before each message is not the sender's.
        let maximumFrames = options.maximumFrames + (socket.kind == .router ? 1 : 0)
        for _ in 0..<SocketCore.messagesPerTurn where !isClosed {
            switch socket.receive(maximumFrames: maximumFrames) {
            case .message(let frames):
                if socket.kind == .router, options.connectionLifetime == nil, let frame = frames.last {
                    monitor.note(messageBy: frame.connection.descriptor, key: frame.userID)
                }
                receiveHandler?(frames)
            case .refused(let first, let frames):
                let peer = socket.kind == .router ? first.map { Peer($0.bytes) } : nil
                let count = socket.kind == .router ? frames - 1 : frames
                eventHandler?(
                    .messageRefused(
                        peer, frames: count, maximum: options.maximumFrames, address: first?.peerAddress))
            case .nothing: return
            case .failed(let code):
                eventHandler?(.receiveFailed(code: code))
                return
            }
        }
    }

    /// Hands over what the monitor has seen, up to a turn's share.
    func receiveEvents(at now: Int64) {
        for _ in 0..<SocketCore.eventsPerTurn where !isClosed {
            guard let event = monitor.next(at: now) else { break }
            eventHandler?(event)
        }
        // libzmq cannot be told to accept no more: to stop listening ends the connections that there are.
        let (count, address) = monitor.shed(beyond: options.maximumConnections)
        if count > 0 { eventHandler?(.crowded(connections: count, address: address)) }
    }
}
