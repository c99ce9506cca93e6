package import Foundation
import Locking
package import Run

/// The latest that there is to see, for any number of viewers.
///
/// Whoever publishes waits for nobody: a viewer that is not ready for one state of the run gets a later one in its place,
/// and nothing piles up.
package final class PageFeed: @unchecked Sendable {  // under `lock`
    /// One state of the run as it is shown.
    struct Snapshot: Sendable {
        var shown: ShownStatus
        /// For an event stream.
        var event: Data
        /// The report, once the run is done.
        var report: Data?
    }

    /// Those who look at a time; more are turned away.
    static let mostViewers = 200

    private let lock = Lock()
    private var latest: Snapshot?
    private var history = PageHistory()
    private var viewers: [Int: AsyncStream<Snapshot>.Continuation] = [:]
    private var viewersSoFar = 0
    private var dropped = 0
    private var isClosed = false

    package init() {}

    /// Shows this from now on.
    package func publish(_ status: RunStatus, report: Data? = nil) {
        let viewers: [AsyncStream<Snapshot>.Continuation] = lock.withLock {
            history.note(status)
            let shown = ShownStatus(status)
            let event = PageEvent(shown: shown, history: history, hasReport: report != nil).bytes
            let snapshot = Snapshot(shown: shown, event: event, report: report)
            latest = snapshot
            return self.viewers.keys.sorted().compactMap { self.viewers[$0] }
        }
        guard let snapshot = current else { return }
        for viewer in viewers { viewer.yield(snapshot) }
    }

    /// Shows every second what the run does, whether anybody looks or not, until the task is cancelled.
    package func follow(_ status: () async -> RunStatus) async {
        while !Task.isCancelled {
            publish(await status())
            try? await Task.sleep(for: .seconds(1))
        }
    }

    var current: Snapshot? { lock.withLock { latest } }

    /// Viewers now, and those that were hung up on because they did not read.
    package var counts: (viewers: Int, dropped: Int) { lock.withLock { (viewers.count, dropped) } }

    func noteDropped() { lock.withLock { dropped += 1 } }

    /// What there is now, and then whatever comes; nil where too many look already. It ends when the viewer goes, or when
    /// there is nothing more to come.
    func view() -> AsyncStream<Snapshot>? {
        lock.withLock {
            guard viewers.count < Self.mostViewers else { return nil }
            let (stream, viewer) = AsyncStream.makeStream(of: Snapshot.self, bufferingPolicy: .bufferingNewest(1))
            let number = viewersSoFar
            viewersSoFar += 1
            if let latest { viewer.yield(latest) }
            guard !isClosed else {
                viewer.finish()
                return stream
            }
            viewers[number] = viewer
            viewer.onTermination = { [weak self] _ in self?.forget(number) }
            return stream
        }
    }

    /// Nothing comes any more.
    func close() {
        let viewers = lock.withLock {
            isClosed = true
            return Array(self.viewers.values)
        }
        for viewer in viewers { viewer.finish() }
    }

    private func forget(_ number: Int) { lock.withLock { viewers[number] = nil } }
}
