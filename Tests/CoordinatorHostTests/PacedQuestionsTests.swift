import Messaging
import Run
import TestSupport
import Testing
import Transport
import Wire

@testable import CoordinatorHost

/// Who asks for the status is answered at once, and who asks on and on at a bearable pace.
struct PacedQuestionsTests {
    private final class Desk {
        private var questions = PacedQuestions()

        func turn(_ peer: UInt8, at seconds: Double) -> String {
            let asked = PacedQuestions.Asked(
                question: StatusQuestion([Frame(Array("status".utf8))]), query: StatusQuery(), peer: Peer([peer]),
                address: "127.0.0.1")
            return "\(questions.turn(of: asked, at: .seconds(seconds)))"
        }

        func due(at seconds: Double) -> [[UInt8]] { questions.due(at: .seconds(seconds)).map(\.peer.bytes) }
        var waiting: [[UInt8]] { questions.waiting.map(\.peer.bytes) }
        func note(deaf peer: UInt8) { note(deaf: Peer([peer])) }
        func note(deaf peer: Peer) { questions.note(deaf: peer) }
        func isDeaf(_ peer: UInt8) -> Bool { questions.isDeaf(Peer([peer])) }
    }

    private let desk = Desk()

    @Test func `the first question is answered at once, the next ones after a pause each`() {
        #expect(desk.turn(1, at: 10) == "now")
        #expect(desk.turn(1, at: 10.01) == "later(isFirst: true)")
        #expect(desk.turn(1, at: 10.02) == "later(isFirst: false)")
        // Others do not wait for it.
        #expect(desk.turn(2, at: 10.02) == "now")
        #expect(desk.due(at: 10.04).isEmpty)
        #expect(desk.due(at: 10.06) == [[1]])
        #expect(desk.due(at: 10.07).isEmpty)
        #expect(desk.due(at: 10.12) == [[1]])
        #expect(desk.waiting.isEmpty)
        #expect(desk.turn(1, at: 11) == "now")
    }

    @Test func `four questions of a peer wait, and some hundreds of all`() {
        for peer in UInt8(0)..<200 {
            #expect(desk.turn(peer, at: 10) == "now")
            for _ in 0..<10 { _ = desk.turn(peer, at: 10.01) }
        }
        #expect(desk.waiting.count == 512)
        #expect(desk.waiting.prefix(6) == [[0], [0], [0], [0], [1], [1]])
        #expect(desk.turn(0, at: 10.02) == "never")
    }

    @Test func `a peer whose answer did not fit is hung up on when it asks again, once`() {
        desk.note(deaf: 1)
        #expect(!desk.isDeaf(2))
        #expect(desk.isDeaf(1))
        #expect(!desk.isDeaf(1))
    }

    @Test func `peers that went away shut out no later one`() {
        for peer in UInt16(0)..<600 { desk.note(deaf: Peer([UInt8(peer >> 8), UInt8(peer & 255)])) }
        desk.note(deaf: 1)
        #expect(desk.isDeaf(1))
    }
}
