import Foundation
import Run
import Testing

struct TokenPositionTests {
    @Test(arguments: [
        ("-1", TokenPositions()), ("-3", TokenPositions(a: .fromEnd(3), b: .fromEnd(3))),
        ("content:-1", TokenPositions(a: .contentEnd, b: .last)),
        ("-2:content", TokenPositions(a: .fromEnd(2), b: .contentEnd)),
        ("content", TokenPositions(a: .contentEnd, b: .contentEnd)), ("all", TokenPositions(a: .all, b: .all)),
    ])
    func `positions are read and written as flags have them`(text: String, positions: TokenPositions) throws {
        #expect(TokenPositions(text) == positions && positions.description == text)
        let json = try JSONEncoder().encode([positions])
        #expect(try JSONDecoder().decode([TokenPositions].self, from: json) == [positions])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(text)\"]")
    }

    @Test(arguments: [
        "", "0", "1", "-0", "--1", "- 1", "-1.0", "-1048577", "-99999999999999999999", "last", "Content", "-1:", ":-1",
        "-1:-1:-1", "all:-1", "-1:all", "content:all",
    ])
    func `what is no position is none`(text: String) {
        #expect(TokenPositions(text) == nil)
    }
}
