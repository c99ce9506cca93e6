import Messaging
import Run
import Transport
import Wire

/// Questions for the status, so that who asks without a pause costs little more than who asks now and then: a peer is
/// answered at once, and from then on after a pause each time.
struct PacedQuestions {
    struct Asked {
        let question: StatusQuestion
        let query: StatusQuery
        let peer: Peer
        let address: String
    }

    /// When each peer was answered last, of those that a pause is not over for.
    private var answered: [Peer: Instant] = [:]
    private(set) var waiting: [Asked] = []
    /// Peers whose answer after a pause did not fit any more: they ask and do not read.
    private var deaf: Set<Peer> = []

    /// Seconds between two answers to one peer.
    static let pause = 0.05
    /// Questions of one peer that wait, and of all.
    private static let (most, mostOfAll) = (4, 512)

    enum Turn {
        /// Its answer is due.
        case now
        /// It waits; where it is the first, somebody has to come back after a pause.
        case later(isFirst: Bool)
        /// As many of the peer's wait as may.
        case never
    }

    mutating func turn(of asked: Asked, at now: Instant) -> Turn {
        if answered.count >= Self.mostOfAll { forgetPauses(at: now) }
        guard let last = answered[asked.peer], now.seconds(since: last) < Self.pause else {
            answered[asked.peer] = now
            return .now
        }
        guard waiting.count < Self.mostOfAll, waiting.count(where: { $0.peer == asked.peer }) < Self.most
        else { return .never }
        waiting.append(asked)
        return .later(isFirst: waiting.count == 1)
    }

    /// Those whose pause is over, one of each peer.
    mutating func due(at now: Instant) -> [Asked] {
        forgetPauses(at: now)
        var due: [Asked] = []
        waiting.removeAll { asked in
            guard answered[asked.peer] == nil else { return false }
            answered[asked.peer] = now
            due.append(asked)
            return true
        }
        return due
    }

    mutating func note(deaf peer: Peer) {
        // Those who have gone never ask again: their names must not shut out later ones.
        if deaf.count >= Self.mostOfAll { deaf = [] }
        deaf.insert(peer)
    }

    /// Whether the peer, which asks again, has not read an answer before.
    mutating func isDeaf(_ peer: Peer) -> Bool { deaf.remove(peer) != nil }

    private mutating func forgetPauses(at now: Instant) {
        answered = answered.filter { now.seconds(since: $0.value) < Self.pause }
    }
}
