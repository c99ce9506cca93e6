import Messaging
import Run
import TestSupport
import Testing
import Transport
import Wire

@testable import CoordinatorHost

/// Who asks for the status is answered at once, and who asks on and on at a bearable pace.
struct PacedQuestionsTests {
    private var questions = PacedQuestions()

    private static func asked(_ peer: UInt8) -> PacedQuestions.Asked {
        PacedQuestions.Asked(
            question: StatusQuestion([Frame(Array("status".utf8))]), query: StatusQuery(), peer: Peer([peer]),
            address: "127.0.0.1")
    }

    private static func at(_ seconds: Double) -> Instant { .seconds(seconds) }

    private mutating func turn(_ peer: UInt8, at seconds: Double) -> String {
        "\(questions.turn(of: Self.asked(peer), at: Self.at(seconds)))"
    }

    @Test mutating func `the first question is answered at once, the next ones after a pause each`() {
        #expect(turn(1, at: 10) == "now")
        #expect(turn(1, at: 10.01) == "later(isFirst: true)")
        #expect(turn(1, at: 10.02) == "later(isFirst: false)")
        // Others do not wait for it.
        #expect(turn(2, at: 10.02) == "now")
        #expect(questions.due(at: Self.at(10.04)).isEmpty)
        #expect(questions.due(at: Self.at(10.06)).map(\.peer) == [Peer([1])])
        #expect(questions.due(at: Self.at(10.07)).isEmpty)
        #expect(questions.due(at: Self.at(10.12)).map(\.peer) == [Peer([1])])
        #expect(questions.waiting.isEmpty)
        #expect(turn(1, at: 11) == "now")
    }

    @Test mutating func `four questions of a peer wait, and some hundreds of all`() {
        for peer in UInt8(0)..<200 {
            #expect(turn(peer, at: 10) == "now")
            for _ in 0..<10 { _ = turn(peer, at: 10.01) }
        }
        #expect(questions.waiting.count == 512)
        #expect(questions.waiting.prefix(6).map(\.peer.bytes) == [[0], [0], [0], [0], [1], [1]])
    }

    @Test mutating func `a peer whose answer did not fit is hung up on when it asks again, once`() {
        questions.note(deaf: Peer([1]))
        #expect(!questions.isDeaf(Peer([2])))
        #expect(questions.isDeaf(Peer([1])))
        #expect(!questions.isDeaf(Peer([1])))
    }
}
