import Foundation
import HTTPTypes
import HummingbirdCore
import Locking
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves the live page, its events, and what monitoring asks for.
///
/// It has a thread of its own and knows nothing of the run but what ``PageFeed`` holds: watching delays no work. Nothing
/// that is asked for is looked for on the disk.
package final class PageServer: Sendable {
    private let address: PageAddress
    private let token: PageToken?
    private let feed: PageFeed
    private let title: String
    /// One for all, which ends with the process: what a server leaves to be done after its end still finds it.
    private static let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    // Bounds, with the decoder's own on a request's line and headers.
    private static let mostConnections = 256
    private static let idleSeconds: Int64 = 30
    private static let headerBytes = 16 << 10
    private static let headerCount = 64
    /// What answers at work may take once the server ends.
    private static let shutdownSeconds = Duration.seconds(2)
    /// How long a viewer may take to read what was sent.
    private let patience: TimeAmount

    /// - Parameters:
    ///   - token: nil where only this machine can reach the address.
    ///   - title: what the page is about.
    ///   - patienceSeconds: how long a viewer may take to read what was sent.
    package init(
        at address: PageAddress, token: PageToken?, feed: PageFeed, title: String, patienceSeconds: Double = 10
    ) {
        patience = .milliseconds(Int64(patienceSeconds * 1000))
        self.address = address
        self.token = token
        self.feed = feed
        self.title = title
    }

    /// Listens, and serves until ``stop(within:)`` is called.
    /// - Returns: where, with the port that was chosen where none was asked for.
    /// - Throws: ``PageError/cannotListen(_:cause:)``.
    package func start() async throws -> PageAddress {
        let (started, announce) = AsyncThrowingStream.makeStream(of: Int.self)
        var limits = HTTP1Channel.Configuration.DecoderConfiguration()
        limits.maxHeaderFieldSize = Self.headerBytes
        limits.maxHeaderListSize = Self.headerBytes
        limits.maxHeaderFieldCount = Self.headerCount
        var logger = Logger(label: "page") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let server = try HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                idleTimeout: .seconds(Self.idleSeconds), httpDecoderConfiguration: limits)
        ).buildServer(
            configuration: ServerConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: .maximum(Self.mostConnections, logger: logger)),
            eventLoopGroup: Self.thread, logger: logger,
            responder: { [self] request, writer, channel in try await answer(request, writer, channel) },
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) })
        var services = ServiceGroupConfiguration(services: [.init(service: server)], logger: logger)
        services.maximumGracefulShutdownDuration = Self.shutdownSeconds
        let group = ServiceGroup(configuration: services)
        serving.begin(
            group,
            Task {
                do {
                    try await group.run()
                } catch {
                    announce.finish(throwing: error)
                }
            })
        do {
            for try await port in started { return PageAddress(host: address.host, port: port) }
        } catch {
            throw PageError.cannotListen(address, cause: Self.cause(of: error))
        }
        throw PageError.cannotListen(address, cause: "the server ended")
    }

    /// Lets those who look know how the run ended, some seconds at most, and closes.
    package func stop(within seconds: Double = 5) async {
        // Each of them goes on to the report, where there is one.
        let readers = feed.current?.report == nil ? 0 : feed.counts.viewers
        feed.close()
        let end = ContinuousClock.now + .seconds(seconds)
        while feed.counts.viewers > 0 || !fetching.isDone(readers), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(20))
        }
        await serving.end()
    }

    private static func cause(of error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    private let fetching = Fetching()
    private let serving = Serving()

    // MARK: Requests

    private func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let path = request.uri.path
        switch admit(request) {
        case .yes: break
        case .withCookie(let cookie):
            return try await write(
                .init(status: .seeOther, headerFields: [.location: "/", .setCookie: cookie]), "", writer)
        case .no(let status, let why): return try await write(.init(status: status), why + "\n", writer)
        }
        guard request.method == .get || request.method == .head else {
            return try await write(.init(status: .methodNotAllowed, headerFields: [.allow: "GET, HEAD"]), "", writer)
        }
        switch path {
        case "/": try await write(page, PageDocument.html(title: title), writer)
        case "/events" where request.method == .get: try await stream(writer, channel)
        case "/metrics":
            let text = feed.current.map { OpenMetrics.text(of: $0.shown, watched: feed.counts) } ?? "# EOF\n"
            try await write(.init(status: .ok, headerFields: [.contentType: OpenMetrics.contentType]), text, writer)
        case "/healthz": try await write(plain(.ok), "ok\n", writer)
        case "/readyz":
            let isReady = feed.current?.shown.status.phase == .running
            try await write(
                plain(isReady ? .ok : .serviceUnavailable), isReady ? "ready\n" : "not running\n", writer)
        case "/report":
            guard let report = feed.current?.report else { fallthrough }  // There is none before the end.
            fetching.begin()
            defer { fetching.end() }
            try await write(
                .init(status: .ok, headerFields: [.contentType: "text/html; charset=utf-8"]),
                String(decoding: report, as: UTF8.self), writer)
        default: try await write(plain(.notFound), "there is no such page here\n", writer)
        }
    }

    private func plain(_ status: HTTPResponse.Status) -> HTTPResponse {
        .init(status: status, headerFields: [.contentType: "text/plain; charset=utf-8"])
    }

    private var page: HTTPResponse {
        .init(
            status: .ok,
            headerFields: [.contentType: "text/html; charset=utf-8", .contentSecurityPolicy: PageDocument.policy])
    }

    private func write(
        _ head: HTTPResponse, _ text: String, _ writer: consuming ResponseWriter
    ) async throws {
        var head = head
        head.headerFields[.cacheControl] = "no-store"
        head.headerFields[.xContentTypeOptions] = "nosniff"
        head.headerFields[.contentLength] = "\(text.utf8.count)"
        var body = try await writer.writeHead(head)
        if !text.isEmpty { try await body.write(ByteBuffer(string: text)) }
        try await body.finish(nil)
    }

    /// Server-sent events, each a state of the run.
    private func stream(_ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        guard let states = feed.view() else {
            return try await write(plain(.serviceUnavailable), "too many look already\n", writer)
        }
        var body = try await writer.writeHead(
            .init(
                status: .ok,
                headerFields: [.contentType: "text/event-stream", .cacheControl: "no-store"]))
        for await state in states {
            // One who does not read is hung up on.
            let deadline = channel.eventLoop.scheduleTask(in: patience) { [feed] in
                feed.noteDropped()
                channel.close(promise: nil)
            }
            defer { deadline.cancel() }
            try await body.write(ByteBuffer(bytes: state.event))
        }
        try await body.finish(nil)
    }

    // MARK: Who is let in

    private enum Admission {
        case yes
        /// With a cookie that says so from now on.
        case withCookie(String)
        case no(HTTPResponse.Status, String)
    }

    /// Without a token, whoever is on this machine and asks for it by one of its own names: a page from elsewhere whose
    /// name is made to mean this machine does not. With one, whoever knows it, by a header, a cookie or, once, in the
    /// address.
    private func admit(_ request: Request) -> Admission {
        guard let token else {
            let host = request.head.authority ?? ""
            let name = (try? PageAddress(host.contains(":") && !host.hasSuffix("]") ? host : host + ":80"))?.host
            return name.map(PageAddress.isLoopback) == true
                ? .yes : .no(.forbidden, "ask for this page as \(address)")
        }
        if let given = request.headers[.authorization], given.hasPrefix("Bearer "),
            token.isEqual(to: given.dropFirst(7))
        {
            return .yes
        }
        for cookie in request.headers[.cookie]?.split(separator: ";") ?? [] {
            let pair = cookie.split(separator: "=", maxSplits: 1)
            let name = pair.first?.trimmingCharacters(in: .whitespaces)
            if name == "token", pair.count == 2, token.isEqual(to: pair[1]) { return .yes }
        }
        if let given = request.uri.queryParameters["token"], token.isEqual(to: given) {
            return .withCookie("token=\(given); HttpOnly; SameSite=Strict; Path=/")
        }
        return .no(.unauthorized, "this page wants the token of --page-token: /?token=…, or Authorization: Bearer …")
    }
}

extension HTTPField.Name {
    fileprivate static let xContentTypeOptions = HTTPField.Name("X-Content-Type-Options")!
}

/// The server at work, for who ends it.
private final class Serving: @unchecked Sendable {  // under `lock`
    private let lock = Lock()
    private var work: (group: ServiceGroup, task: Task<Void, Never>)?

    func begin(_ group: ServiceGroup, _ task: Task<Void, Never>) { lock.withLock { work = (group, task) } }

    /// Lets it answer what it was asked, and waits until it is gone.
    func end() async {
        guard let work = lock.withLock({ work }) else { return }
        await work.group.triggerGracefulShutdown()
        await work.task.value
    }
}

/// Counts those who fetch the report.
private final class Fetching: @unchecked Sendable {  // under `lock`
    private let lock = Lock()
    private var (begun, ended) = (0, 0)

    /// Whether so many have it, and nobody waits for it.
    func isDone(_ readers: Int) -> Bool { lock.withLock { ended >= readers && begun == ended } }
    func begin() { lock.withLock { begun += 1 } }
    func end() { lock.withLock { ended += 1 } }
}
