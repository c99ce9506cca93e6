import Foundation
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(8))) struct QueryTests {
    @Test func `a question is answered`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("ipc"), echo: true)
            let answer = try Query.ask(
                endpoint, [Frame([1, 2]), Frame([])], timeout: .seconds(30), options: SocketOptions())
            #expect(answer.map(\.bytes) == [[1, 2], []])
        }
    }

    @Test func `nobody there is told from nobody answering`() async throws {
        try await withStations(1) { stations in
            let endpoint = try await stations[0].listen(at: freshEndpoint("tcp"))
            let busy = #expect(throws: TransportError.self) {
                try Query.ask(endpoint, [Frame([1])], timeout: .milliseconds(500), options: SocketOptions())
            }
            #expect(
                busy?.description
                    == "\(endpoint) did not answer within 0.5 s; it may be busy: try again, or wait longer")
            await stations[0].loop.stop()
            let missing = #expect(throws: TransportError.self) {
                try Query.ask(endpoint, [Frame([1])], timeout: .milliseconds(50), options: SocketOptions())
            }
            #expect(
                missing?.description
                    == "nothing answers at \(endpoint) (waited 0.05 s); is a coordinator running there?")
        }
    }
}
