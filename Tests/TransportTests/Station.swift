import Foundation
import TestSupport
import Testing

@testable import Transport

/// Elements in the order in which they came; a test waits for the next one. A test that waits in vain is ended by its
/// time limit.
final class Mailbox<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func put(_ element: Element) { continuation.yield(element) }

    func next() async throws -> Element {
        for await element in stream { return element }
        throw CancellationError()
    }

    /// Skips elements up to the first that `predicate` takes.
    func first(where predicate: (Element) -> Bool) async throws -> Element {
        while true {
            let element = try await next()
            if predicate(element) { return element }
        }
    }
}

/// An actor on a loop of its own, with sockets that put what they get into mailboxes.
actor Station {
    struct Letter: Sendable {
        var peer: Peer
        var frames: [Frame]
        var bytes: [[UInt8]] { frames.map(\.bytes) }
    }

    nonisolated let loop: MessageLoop
    nonisolated let received = Mailbox<Letter>()
    nonisolated let events = Mailbox<SocketEvent>()
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private(set) var router: RouterSocket?
    private(set) var dealer: DealerSocket?

    init() throws {
        loop = try MessageLoop(name: "station")
    }

    /// Does something on the loop.
    func perform<Result: Sendable>(_ body: @Sendable (isolated Station) throws -> Result) rethrows -> Result {
        try body(self)
    }

    @discardableResult
    func listen(
        at endpoint: Endpoint, _ options: SocketOptions = SocketOptions(), echo: Bool = false
    ) throws -> Endpoint {
        let router = try loop.bindRouter(to: endpoint, options: options)
        router.onReceive { [unowned self] peer, frames in
            if echo {
                try? self.router?.send(frames, to: peer)
            } else {
                received.put(Letter(peer: peer, frames: frames))
            }
        }
        router.onEvent { [events] in events.put($0) }
        self.router = router
        return router.endpoint
    }

    func connect(to endpoint: Endpoint, _ options: SocketOptions = SocketOptions()) throws {
        let dealer = try loop.connectDealer(to: endpoint, options: options)
        dealer.onReceive { [received] in received.put(Letter(peer: Peer([]), frames: $0)) }
        dealer.onEvent { [events] in events.put($0) }
        self.dealer = dealer
    }

    func send(_ frames: [Frame]) throws { try #require(dealer).send(frames) }
    func send(_ texts: String...) throws { try send(texts.map { Frame(Array($0.utf8)) }) }
    func reply(_ frames: [Frame], to peer: Peer) throws { try #require(router).send(frames, to: peer) }
    func reply(_ text: String, to peer: Peer) throws { try reply([Frame(Array(text.utf8))], to: peer) }

    func close() {
        router?.close()
        dealer?.close()
    }
}

/// Runs `body` with `count` stations and stops their loops, however it ends.
func withStations(_ count: Int, _ body: ([Station]) async throws -> Void) async throws {
    let stations = try (0..<count).map { _ in try Station() }
    do {
        try await body(stations)
    } catch {
        for station in stations { await station.loop.stop() }
        throw error
    }
    for station in stations { await station.loop.stop() }
}

/// The folder of the sockets.
private let sockets = Result { try TemporaryFolder() }

/// An endpoint that nobody else uses.
func freshEndpoint(_ scheme: String) throws -> Endpoint {
    if scheme == "tcp" { return try Endpoint("tcp://127.0.0.1:*") }
    return try Endpoint("ipc://\(sockets.get().file(UUID().uuidString).path)")
}

func text(_ letter: Station.Letter) -> [String] { letter.bytes.map { String(decoding: $0, as: UTF8.self) } }
