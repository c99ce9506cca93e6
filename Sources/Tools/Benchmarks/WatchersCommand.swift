import ArgumentParser
import Console
import Foundation
import Glibc
import Locking
import Messaging
import Run
import Transport
import Wire

/// What those saw who watched a coordinator, and what it took them.
struct WatcherFigures: Codable {
    /// States of the run that all viewers together were sent, those that the least favoured one was, and all bytes.
    var events: Int
    var fewestEvents: Int
    var bytes: Int
    var answers: Int
    var unanswered: Int
    /// nil where nobody asked.
    var statusMilliseconds: Double?
    var longestStatusMilliseconds: Double?
    /// Of the watchers' process, from the moment that all viewers look.
    var processorSeconds: Double

    enum CodingKeys: String, CodingKey {
        case events, bytes, answers, unanswered
        case fewestEvents = "fewest_events"
        case statusMilliseconds = "status_milliseconds"
        case longestStatusMilliseconds = "longest_status_milliseconds"
        case processorSeconds = "processor_seconds"
    }
}

/// A process that watches the coordinator of a benchmark as people and their programs do, until it is ended.
struct WatchersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "watchers", shouldDisplay: false)

    @Option var viewers: Int
    /// Questions for the status, a second.
    @Option var queries: Int
    /// The port of the page on this machine.
    @Option var page: UInt16
    @Option var status: String
    /// The file that takes the figures.
    @Option var figures: String

    func run() throws {
        let end = End()
        let signals = TerminationSignals { _ in end.come() }
        defer { withExtendedLifetime(signals) {} }
        try OpenFiles.raiseLimit(needed: 64 + viewers)
        var crowd = try ViewerCrowd(viewers, port: page)
        let answers = Answers()
        if queries > 0 {
            let (endpoint, pause) = (try Endpoint(status), 1 / Double(queries))
            Thread.detachNewThread { answers.ask(endpoint, every: pause, until: end) }
        }
        let before = ProcessUsage.processorSeconds
        // Told by the benchmark to end; orphans end as well.
        let parent = getppid()
        while !end.hasCome, getppid() == parent { crowd.read(within: 100) }
        let latencies = answers.latencies.sorted()
        let seen = WatcherFigures(
            events: crowd.events.reduce(0, +), fewestEvents: crowd.events.min() ?? 0, bytes: crowd.bytes,
            answers: latencies.count, unanswered: answers.unanswered,
            statusMilliseconds: latencies.isEmpty ? nil : latencies[latencies.count / 2],
            longestStatusMilliseconds: latencies.last, processorSeconds: ProcessUsage.processorSeconds - before)
        try JSONEncoder().encode(seen).write(to: URL(fileURLWithPath: figures))
    }
}

/// The moment at which the process is asked to end.
private final class End: @unchecked Sendable {  // under `lock`
    private let lock = Lock()
    private var isHere = false

    var hasCome: Bool { lock.withLock { isHere } }
    func come() { lock.withLock { isHere = true } }
}

/// Answers to questions for the status, each by a connection of its own as `coordinator status` asks.
private final class Answers: @unchecked Sendable {  // under `lock`
    private let lock = Lock()
    /// Milliseconds.
    private var taken: [Double] = []
    private var missed = 0

    var latencies: [Double] { lock.withLock { taken } }
    var unanswered: Int { lock.withLock { missed } }

    func ask(_ endpoint: Endpoint, every seconds: Double, until end: End) {
        var due = ContinuousClock.now
        while !end.hasCome {
            let asked = ContinuousClock.now
            let answer = try? Query.ask(endpoint, WireFormat.encode(StatusQuery()).frames, timeout: .seconds(10))
            let milliseconds = (ContinuousClock.now - asked) / .milliseconds(1)
            // What the run's end cuts off is no answer that took long.
            if end.hasCome { return }
            lock.withLock {
                if answer == nil { missed += 1 } else { taken.append(milliseconds) }
            }
            due += .seconds(seconds)
            Thread.sleep(forTimeInterval: max(0, (due - ContinuousClock.now) / .seconds(1)))
        }
    }
}

/// Connections that follow the page's events, and read all that comes.
private struct ViewerCrowd: ~Copyable {
    private var descriptors: [pollfd] = []
    /// Whether the last byte read was a line's end: an event ends with two.
    private var isAtLineEnd: [Bool]
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private(set) var events: [Int]
    private(set) var bytes = 0

    init(_ count: Int, port: UInt16) throws {
        isAtLineEnd = Array(repeating: false, count: count)
        events = Array(repeating: 0, count: count)
        for _ in 0..<count { descriptors.append(pollfd(fd: try Self.open(port), events: Int16(POLLIN), revents: 0)) }
    }

    deinit { for descriptor in descriptors { close(descriptor.fd) } }

    private static func open(_ port: UInt16) throws -> Int32 {
        let descriptor = Loopback.connect(port)
        let question = Array("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        guard let descriptor, send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
            throw BenchmarkFailure(description: "a viewer cannot connect: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// Reads what there is, waiting for it so many milliseconds at most.
    mutating func read(within milliseconds: Int32) {
        guard poll(&descriptors, nfds_t(descriptors.count), milliseconds) > 0 else { return }
        for viewer in descriptors.indices where descriptors[viewer].revents != 0 {
            let count = recv(descriptors[viewer].fd, &buffer, buffer.count, 0)
            guard count > 0 else {
                // Hung up on; poll passes over it from now on.
                close(descriptors[viewer].fd)
                descriptors[viewer].fd = -1
                continue
            }
            bytes += count
            for byte in buffer[..<count] {
                let isLineEnd = byte == UInt8(ascii: "\n")
                if isLineEnd, isAtLineEnd[viewer] { events[viewer] += 1 }
                isAtLineEnd[viewer] = isLineEnd
            }
        }
    }
}
