import Foundation
import Run
import Testing

@testable import CoordinatorPage

/// Whoever looks sees the newest, and nobody who looks costs more than that.
struct PageFeedTests {
    @Test func `who looks late sees what there is, and who is slow the newest`() async throws {
        let feed = PageFeed()
        feed.publish(SampleStatus.status(step: 1))
        let view = try #require(feed.view())
        #expect(feed.counts.viewers == 1)
        for step in 2...50 { feed.publish(SampleStatus.status(step: step)) }
        var states = view.makeAsyncIterator()
        #expect(await states.next()?.shown.status.stages[0].done == 50)
        feed.close()
        #expect(await states.next() == nil)
        #expect(feed.counts.viewers == 0)
    }

    @Test func `there are so many viewers and no more`() {
        let feed = PageFeed()
        let views = (0..<PageFeed.mostViewers).map { _ in feed.view() }
        #expect(views.allSatisfy { $0 != nil } && feed.view() == nil)
        withExtendedLifetime(views) {}
    }

    @Test func `an hour's states are no larger than a minute's`() throws {
        let feed = PageFeed()
        func size(after seconds: ClosedRange<Int>) throws -> Int {
            for second in seconds {
                feed.publish(SampleStatus.status(step: second * 10, loss: 1 / Double(second), items: second / 36))
            }
            return try #require(feed.current).event.count
        }
        _ = try size(after: 1...300)
        let early = try size(after: 301...600)
        let late = try size(after: 601...3600)
        #expect(late < 2 * early, "\(early), \(late)")
    }

    @Test func `an event is one line of JSON whatever the texts hold`() throws {
        let feed = PageFeed()
        feed.publish(SampleStatus.status())
        let text = String(decoding: try #require(feed.current).event, as: UTF8.self)
        #expect(text.hasPrefix("data: {") && text.hasSuffix("}\n\n"))
        #expect(text.split(separator: "\n").count == 1)
        let event = try JSONSerialization.jsonObject(with: Data(text.dropFirst(6).utf8)) as? [String: Any]
        #expect((event?["status"] as? [String: Any])?["schema"] as? Int == 1 && event?["report"] as? Bool == false)
    }

    @Test func `a curve keeps its ends and its order`() {
        var curve = ThinnedCurve()
        for step in 0..<10_000 {
            curve.append(Double(step), [Double(step) * 2])
            #expect(curve.points.last == [Double(step), Double(step) * 2])
        }
        curve.append(9_999, [5])
        #expect(curve.points.count <= 161 && curve.points.count > 80)
        #expect(curve.points.first == [0, 0] && curve.points.last == [9_999, 5])
        #expect(zip(curve.points, curve.points.dropFirst()).allSatisfy { $0[0] < $1[0] })
        // Those between are kept at even distances.
        let kept = curve.points.dropLast().map { $0[0] }
        #expect(Set(zip(kept, kept.dropFirst()).map { $1 - $0 }).count == 1)
    }

    @Test func `scores of a later task go before those of an earlier one, and of many channels the first are followed`()
    {
        func status(_ task: String, channels: Int, items: Int) -> RunStatus {
            var status = SampleStatus.status()
            let one = status.scores[0]
            status.scores = (0..<channels).map { number in
                var score = one
                score.stage = .evaluate(task: task)
                score.channel = Channel(k: number, j: 0)
                score.items = items
                return score
            }
            return status
        }
        var history = PageHistory()
        for items in 1...3 { history.note(status("squad", channels: 20, items: items)) }
        #expect(history.scores.map(\.channel) == (0..<16).map { "\($0):0" })
        #expect(history.scores[0].curve.points == (1...3).map { [Double($0), 31, 20, 40, 20, 11, 30] })
        history.note(status("gsm8k", channels: 2, items: 1))
        #expect(history.scores.map(\.stage.rawValue) == Array(repeating: "squad", count: 14) + ["gsm8k", "gsm8k"])
        #expect(history.scores.last?.conditions == ["injected", "other"] && history.scores.last?.metric == "f1")
    }

    @Test func `of thousands of workers those that are there are shown, and those that were lost last`() throws {
        var status = SampleStatus.status(workers: 3_000)
        for place in 0..<2_900 {
            status.workers[place].state = .lost
            status.workers[place].lastHeardSeconds = Double(3_000 - place)
        }
        let feed = PageFeed()
        feed.publish(status)
        let text = String(decoding: try #require(feed.current).event, as: UTF8.self)
        let event = try JSONSerialization.jsonObject(with: Data(text.dropFirst(6).utf8)) as? [String: Any]
        let workers = (event?["status"] as? [String: Any])?["workers"] as? [[String: Any]] ?? []
        #expect(workers.map { $0["units_done"] as? Int } == Array(2_868..<3_000))
        #expect(event?["workers_left_out"] as? Int == 2_868)
    }
}
