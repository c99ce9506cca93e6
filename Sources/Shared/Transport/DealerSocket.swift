/// A socket that is connected to one place, and connects again by itself when the connection is lost.
///
/// Belongs to the loop that made it: every call is made on the loop, that is by an actor whose executor it is, and
/// the handlers are called there. Nothing here waits.
package final class DealerSocket {
    private let core: SocketCore
    private let loop: MessageLoop

    init(_ core: SocketCore, of loop: MessageLoop) {
        self.core = core
        self.loop = loop
    }

    /// Where the socket connects to.
    package var endpoint: Endpoint { core.endpoint }

    /// Calls `handler` for each message; replaces the handler before.
    package func onReceive(_ handler: @escaping (_ frames: [Frame]) -> Void) {
        loop.preconditionOnLoop()
        core.receiveHandler = handler
    }

    /// Calls `handler` for whatever else happens to the socket; replaces the handler before.
    package func onEvent(_ handler: @escaping (SocketEvent) -> Void) {
        loop.preconditionOnLoop()
        core.eventHandler = handler
    }

    /// Sends `frames`, at least one, as one message, in order with those before.
    ///
    /// Returns once the message is on its way or queued; it waits for the connection where there is none yet.
    /// Throws ``TransportError/queueFull(_:messages:bytes:)`` where the other side does not keep up.
    package func send(_ frames: [Frame]) throws(TransportError) {
        loop.preconditionOnLoop()
        precondition(!frames.isEmpty, "a message has at least one frame")
        try core.send(frames, to: nil)
    }

    /// How many messages, and bytes, wait because the other side does not keep up, beyond what libzmq holds.
    package var waiting: (messages: Int, bytes: Int) {
        loop.preconditionOnLoop()
        return core.waiting(for: nil)
    }

    /// Closes the socket. What libzmq has taken is sent for as long as the socket may linger.
    package func close() {
        loop.close(core)
    }
}
