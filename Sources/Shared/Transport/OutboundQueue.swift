/// Messages that libzmq would not take yet, in the order they were sent, apart for each peer: one that does not
/// read must not hold up the others.
struct OutboundQueue {
    private struct Lane {
        var messages: [[Frame]] = []
        var head = 0
        var bytes = 0
        var count: Int { messages.count - head }
    }

    /// The most messages, and bytes, that wait for one peer.
    let maximumMessages: Int
    let maximumBytes: Int

    private var lanes: [Peer?: Lane] = [:]
    /// The peers with something waiting, in the order in which they began to wait.
    private(set) var peers: [Peer?] = []

    init(maximumMessages: Int, maximumBytes: Int) {
        self.maximumMessages = maximumMessages
        self.maximumBytes = maximumBytes
    }

    var isEmpty: Bool { peers.isEmpty }

    /// How many messages, and bytes, wait for `peer`.
    func waiting(for peer: Peer?) -> (messages: Int, bytes: Int) {
        lanes[peer].map { ($0.count, $0.bytes) } ?? (0, 0)
    }

    /// Puts a message behind the others for `peer`; false, and nothing is changed, where there is no room.
    mutating func append(_ frames: [Frame], for peer: Peer?) -> Bool {
        var lane = lanes[peer] ?? Lane()
        var bytes = lane.bytes
        for frame in frames {
            let (sum, overflow) = bytes.addingReportingOverflow(frame.count)
            guard !overflow, sum <= maximumBytes else { return false }
            bytes = sum
        }
        guard lane.count < maximumMessages else { return false }
        if lane.count == 0 { peers.append(peer) }
        lanes[peer] = nil  // The lane is changed in place, not copied.
        lane.messages.append(frames)
        lane.bytes = bytes
        lanes[peer] = lane
        return true
    }

    /// The message that `peer` waits for first.
    func first(for peer: Peer?) -> [Frame]? {
        lanes[peer].flatMap { $0.count > 0 ? $0.messages[$0.head] : nil }
    }

    /// Removes the message that `peer` waits for first.
    mutating func removeFirst(for peer: Peer?) {
        guard var lane = lanes.removeValue(forKey: peer), lane.count > 0 else { return }
        lane.bytes -= lane.messages[lane.head].reduce(0) { $0 + $1.count }
        lane.messages[lane.head] = []
        lane.head += 1
        if lane.count == 0 {
            peers.removeAll { $0 == peer }
            return
        }
        if lane.head >= 64, lane.head * 2 >= lane.messages.count {
            lane.messages.removeFirst(lane.head)
            lane.head = 0
        }
        lanes[peer] = lane
    }

    /// Forgets everything for `peer`; returns how many messages that was.
    mutating func removeAll(for peer: Peer?) -> Int {
        peers.removeAll { $0 == peer }
        return lanes.removeValue(forKey: peer)?.count ?? 0
    }
}
