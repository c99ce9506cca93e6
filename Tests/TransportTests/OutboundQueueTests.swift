import Testing

@testable import Transport

struct OutboundQueueTests {
    private let first = Peer([1])
    private let second = Peer([2])

    @Test func `messages leave in order, apart for each peer`() {
        var queue = OutboundQueue(maximumMessages: 1000, maximumBytes: 1000)
        for number in 0..<200 as Range<UInt8> {
            put([number], for: number % 2 == 0 ? first : second, in: &queue)
        }
        #expect(queue.peers == [first, second])
        for number in 0..<200 as Range<UInt8> {
            let peer = number % 2 == 0 ? first : second
            #expect(queue.first(for: peer)?.map(\.bytes) == [[number]])
            queue.removeFirst(for: peer)
        }
        #expect(queue.isEmpty)
    }

    @Test func `the limits hold for each peer, and nothing is changed beyond them`() {
        var queue = OutboundQueue(maximumMessages: 2, maximumBytes: 10)
        put([1, 2, 3, 4], for: first, in: &queue)
        put([1, 2, 3, 4, 5, 6, 7], for: first, in: &queue, fits: false)
        put([1, 2, 3, 4, 5, 6], for: first, in: &queue)
        put([], for: first, in: &queue, fits: false)
        #expect(queue.waiting(for: first) == (2, 10))
        put([1], for: second, in: &queue)
        queue.removeFirst(for: first)
        #expect(queue.waiting(for: first) == (1, 6))
        put([], for: first, in: &queue)
    }

    private func put(_ bytes: [UInt8], for peer: Peer, in queue: inout OutboundQueue, fits: Bool = true) {
        let accepted = queue.append([Frame(bytes)], for: peer)
        #expect(accepted == fits)
    }

    @Test func `what waits for a peer is forgotten together`() {
        var queue = OutboundQueue(maximumMessages: 9, maximumBytes: 9)
        for _ in 0..<3 { _ = queue.append([Frame([1])], for: first) }
        let forgotten = queue.removeAll(for: first)
        #expect(forgotten == 3)
        #expect(queue.isEmpty)
        #expect(queue.first(for: first) == nil)
    }
}
