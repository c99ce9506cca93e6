/// A socket that many peers connect to, and that answers each of them by name.
///
/// Belongs to the loop that made it: every call is made on the loop, that is by an actor whose executor it is, and
/// the handlers are called there. Nothing here waits.
package final class RouterSocket {
    private let core: SocketCore
    private let loop: MessageLoop

    init(_ core: SocketCore, of loop: MessageLoop) {
        self.core = core
        self.loop = loop
    }

    /// Where the socket listens, with the port that was chosen where none was asked for.
    package var endpoint: Endpoint { core.endpoint }

    /// Calls `handler` for each message, with the connection it came by; replaces the handler before.
    package func onReceive(_ handler: @escaping (_ peer: Peer, _ frames: [Frame]) -> Void) {
        loop.preconditionOnLoop()
        core.receiveHandler = { frames in
            guard let identity = frames.first else { return }
            handler(Peer(identity.bytes), Array(frames.dropFirst()))
        }
    }

    /// Calls `handler` for whatever else happens to the socket; replaces the handler before.
    package func onEvent(_ handler: @escaping (SocketEvent) -> Void) {
        loop.preconditionOnLoop()
        core.eventHandler = handler
    }

    /// Sends `frames`, at least one, as one message to `peer`, in order with those before.
    ///
    /// Returns once the message is on its way or queued. Throws ``TransportError/unreachable(_:_:)`` where no such
    /// peer is connected, ``TransportError/queueFull(_:messages:bytes:)`` where it does not keep up. That a peer
    /// has gone while messages wait is reported as ``SocketEvent/unreachable(_:droppedMessages:)``; a message that
    /// libzmq has taken may be lost with its connection unnoticed, as on any network.
    package func send(_ frames: [Frame], to peer: Peer) throws(TransportError) {
        loop.preconditionOnLoop()
        precondition(!frames.isEmpty, "a message has at least one frame")
        try core.send(frames, to: peer)
    }

    /// How many messages, and bytes, wait for `peer` because it does not keep up.
    package func waiting(for peer: Peer) -> (messages: Int, bytes: Int) {
        loop.preconditionOnLoop()
        return core.waiting(for: peer)
    }

    /// Closes the connections whose client's key, 40 characters of Z85, is not admitted any more. The key is known once
    /// a message has come by the connection.
    package func closeConnections(unless isAdmitted: (String) -> Bool) {
        loop.preconditionOnLoop()
        core.shutDown(unless: isAdmitted)
    }

    /// Listens again: the path of its endpoint was removed. Connections stay.
    package func listenAnew() {
        loop.preconditionOnLoop()
        core.listenAnew()
    }

    /// Closes a connection that a message came by.
    package func close(_ connection: Connection) {
        loop.preconditionOnLoop()
        core.shutDown(connection.descriptor)
    }

    /// Closes the socket. What libzmq has taken is sent for as long as the socket may linger.
    package func close() {
        loop.close(core)
    }
}
