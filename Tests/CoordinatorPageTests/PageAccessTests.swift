import Foundation
import TestSupport
import Testing

@testable import CoordinatorPage

/// Where the page may be served, and to whom.
struct PageAccessTests {
    @Test(arguments: [
        ("127.0.0.1:5757", "http://127.0.0.1:5757", true), ("http://localhost:80", "http://localhost:80", true),
        ("[::1]:5757", "http://[::1]:5757", true), ("127.8.9.1:1", "http://127.8.9.1:1", true),
        ("*:5757", "http://0.0.0.0:5757", false), ("0.0.0.0:0", "http://0.0.0.0:0", false),
        ("run.example.org:5757", "http://run.example.org:5757", false),
        ("127.0.0.1.example.org:1", "http://127.0.0.1.example.org:1", false),
        ("127.0.0.256:1", "http://127.0.0.256:1", false),
    ])
    func `an address is read, and told whether others reach it`(text: String, shown: String, isLocal: Bool) throws {
        let address = try PageAddress(text)
        #expect(address.description == shown && address.isLocalOnly == isLocal)
    }

    @Test(arguments: ["", "5757", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:5757", "a b:1", "tcp://h:1", ":1"])
    func `what is no address is named`(text: String) {
        let error = #expect(throws: PageError.self) { try PageAddress(text) }
        #expect(error?.description.hasPrefix("--page \(text): expected HOST:PORT") == true)
    }

    @Test func `a token is one word, from a file of one's own or the environment`() throws {
        let scratch = try TemporaryFolder()
        let file = scratch.file("token").path
        func write(_ text: String, mode: mode_t = 0o600) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            chmod(file, mode)
        }
        try write(" 0123456789abcdef\n")
        let token = try #require(try PageToken.read(file: file, environment: [:]))
        #expect(token.isEqual(to: "0123456789abcdef"))
        for other in ["", "0123456789abcdeg", "0123456789abcdef0", "0123456789abcde"] {
            #expect(!token.isEqual(to: other))
        }
        #expect(try PageToken.read(file: nil, environment: [:]) == nil)
        #expect(try PageToken.read(file: nil, environment: [PageToken.variable: "abcdefghijklmnop"]) != nil)
        for (text, mode, why) in [
            ("short", mode_t(0o600), "expected one token of 16 to 256"),
            ("two words that are long", 0o600, "expected one token"),
            ("0123456789abcdef", 0o640, "others can read it (mode 640)"),
        ] {
            try write(text, mode: mode)
            let error = #expect(throws: PageError.self) { try PageToken.read(file: file, environment: [:]) }
            #expect(error?.description.contains(why) == true && error?.description.contains(text) == false)
        }
        let missing = #expect(throws: PageError.self) { try PageToken.read(file: "/nowhere/token", environment: [:]) }
        #expect(missing?.description == "/nowhere/token: No such file or directory")
    }
}
