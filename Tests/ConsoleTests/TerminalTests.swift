import Foundation
import Testing

@testable import Console

struct TerminalTests {
    @Test(arguments: [
        ([:], false), (["LANG": "en_GB.UTF-8"], false), (["LANG": "de_DE.utf8"], false), (["LC_ALL": "C"], true),
        (["LC_ALL": "", "LC_CTYPE": "POSIX", "LANG": "en_GB.UTF-8"], true),
        (["LC_ALL": "C.UTF-8", "LANG": "C"], false), (["LANG": "en_GB.ISO-8859-1"], true),
    ])
    func `a locale that is named and is not of UTF-8 gets ASCII`(environment: [String: String], isASCII: Bool) {
        #expect(Terminal.isASCII(in: environment) == isASCII)
    }

    @Test func `a line of a log begins with the time in UTC`() {
        #expect(
            Terminal.stamped("ready", at: Date(timeIntervalSince1970: 1_764_133_456)) == "2025-11-26T05:04:16Z ready")
    }
}
