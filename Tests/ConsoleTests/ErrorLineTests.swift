import Console
import Testing

struct ErrorLineTests {
    @Test func `an error is said on one line that begins with error:`() {
        struct Failure: Error, CustomStringConvertible { let description = "a.json:\n  expected {\r\nfound [\n" }
        #expect(ErrorLine.text(of: Failure()) == "error: a.json:;   expected {; found [")
    }
}
