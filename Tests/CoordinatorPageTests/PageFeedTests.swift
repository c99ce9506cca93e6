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
        #expect(await states.next()?.status.stages[0].done == 50)
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
        for step in 0..<10_000 { curve.append(Double(step), Double(step) * 2) }
        curve.append(9_999, 5)
        #expect(curve.points.count <= 240 && curve.points.count > 100)
        #expect(curve.points.first == [0, 0])
        #expect(zip(curve.points, curve.points.dropFirst()).allSatisfy { $0[0] < $1[0] })
        #expect((curve.points.last?[0] ?? 0) > 9_900)
    }
}
