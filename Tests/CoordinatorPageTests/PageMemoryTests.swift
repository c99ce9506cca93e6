import Foundation
import Run
import Simulation
import Testing

@testable import CoordinatorPage

/// What is held of a run for those who watch it: as much after an hour as after its first minutes.
struct PageMemoryTests {
    @Test func `an hour of a simulated run, with all that goes wrong in it, leaves no more than ten minutes of it`()
        async throws
    {
        // A training that goes on; workers crash, leave and come again under other names, somebody attacks.
        var faults = Faults()
        faults.lastingSeconds = 1e5
        faults.workerCrashEvery = 20
        faults.leaveEvery = 20
        faults.attackEvery = 1
        let simulation = Simulation(.long(workers: 3, seconds: 3_700), faults: faults, seed: 1)
        let feed = PageFeed()
        // Three who never read, and one who comes and goes.
        let idle = try (0..<3).map { _ in try #require(feed.view()) }
        var passing: AsyncStream<PageFeed.Snapshot>?
        // Every three seconds, more often than curves have points for in ten minutes.
        var (shown, count) = (0.0, 0)
        // What was held at most, and the longest event, in each ten minutes.
        var peaks: [(held: Int, event: Int)] = []
        simulation.watch = { status in
            guard status.elapsedSeconds >= shown + 3 else { return }
            (shown, count) = (status.elapsedSeconds, count + 1)
            passing = count % 10 < 5 ? passing ?? feed.view() : nil
            feed.publish(Self.scored(status))
            guard count % 10 == 0 else { return }
            let part = Int(shown) / 600
            if peaks.count <= part { peaks.append((0, 0)) }
            peaks[part].held = max(peaks[part].held, Held.size(of: feed))
            peaks[part].event = max(peaks[part].event, feed.current?.event.count ?? 0)
        }
        #expect(simulation.run() == nil)
        #expect(shown > 3_600 && peaks.count >= 6, "\(shown), \(peaks)")
        let first = try #require(peaks.first)
        for later in peaks {
            #expect(later.held <= first.held * 5 / 4 && later.event <= first.event * 5 / 4, "\(peaks)")
        }
        // Of those who never read each has the newest, and nothing else.
        withExtendedLifetime(passing) {}
        feed.close()
        for view in idle {
            var states = view.makeAsyncIterator()
            #expect(await states.next()?.event == feed.current?.event)
            #expect(await states.next() == nil)
        }
        #expect(feed.counts.viewers == 0)
    }

    /// With scores of 20 channels, of which items come in for all of the hour, and of a task in each ten minutes.
    private static func scored(_ status: RunStatus) -> RunStatus {
        var status = status
        let second = Int(status.elapsedSeconds)
        let one = SampleStatus.status().scores[0]
        status.scores = (0..<20).map { number in
            var score = one
            score.stage = .evaluate(task: "task\(second / 600)")
            score.channel = Channel(k: number, j: 0)
            score.items = second
            return score
        }
        return status
    }

    @Test func `what is measured is seen to grow where something does`() {
        final class Growing { var curves = [[1.0]], texts: [String: [Data]] = [:] }
        let growing = Growing()
        let before = Held.size(of: growing)
        growing.curves[0].append(2)
        let after = Held.size(of: growing)
        #expect(after > before)
        growing.texts["a"] = [Data(count: 100)]
        #expect(Held.size(of: growing) >= after + 100)
    }
}

/// Values that something holds, and bytes of texts and data: all that is reachable from it, each object once.
private enum Held {
    static func size(of value: Any) -> Int {
        var seen: Set<ObjectIdentifier> = []
        return size(of: value, &seen)
    }

    private static func size(of value: Any, _ seen: inout Set<ObjectIdentifier>) -> Int {
        if let text = value as? String { return 16 + text.utf8.count }
        if let data = value as? Data { return 16 + data.count }
        if let numbers = value as? [Double] { return 16 + 8 * numbers.count }
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .class, !seen.insert(ObjectIdentifier(value as AnyObject)).inserted { return 8 }
        return 8 + mirror.children.reduce(0) { $0 + size(of: $1.value, &seen) }
    }
}
