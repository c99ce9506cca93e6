import Foundation
import PlainText
import Testing

@testable import Reports

/// The final tables, laid out for the terminal that shows them.
struct SummaryTests {
    private let summary: Summary

    init() throws { summary = try SampleReport.report(text: "blue").summary }

    @Test(arguments: [20, 40, 80, 132, 500])
    func `no line is wider than the terminal, and nothing of it is lost`(width: Int) {
        let text = summary.text(width: width)
        for line in text.split(separator: "\n") { #expect(PrintableText.width(String(line)) <= width, "\(line)") }
        func words(_ text: String) -> [String] {
            text.split { " \n─".contains($0) }.map(String.init).filter { !$0.isEmpty }
        }
        let whole = Set(words(summary.text(width: .max)))
        // A narrow table names its columns in each row, a word that is too long is broken.
        if width >= 40 { #expect(Set(words(text)) == whole) }
    }

    @Test func `at 40 columns a row is a paragraph with its values below`() {
        let lines = summary.text(width: 40).split(separator: "\n").map(String.init)
        #expect(lines.contains("injected: A's activation"))
        #expect(lines.contains { $0.hasPrefix("  exact match") && $0.hasSuffix("100.0 % [51.0, 100.0]") })
    }

    @Test(arguments: [40, 80])
    func `in ASCII it is laid out by the characters that are shown`(width: Int) {
        let text = summary.ascii.text(width: width - 2)
        let shown = PrintableText.ascii(text)
        #expect(shown.utf8.allSatisfy { $0 < 0x80 })
        for line in shown.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
        #expect(shown.contains("4.00 -> 0.500"))
    }

    @Test func `what a run keeps of it is the same again`() throws {
        let bytes = Array(summary.json.compact.utf8)
        #expect(try Summary(file: "summary.json", bytes: bytes) == summary)
        for flaw in [
            "[{}]", "{}", "[1]", #"[{"titles": ["a"], "trailing": [], "rows": []}]"#,
            #"[{"titles": ["a"], "trailing": [true], "rows": [["1", "2"]]}]"#,
            #"[{"titles": ["a"], "trailing": ["x"], "rows": []}]"#, #"[{"paragraphs": "x"}]"#, "",
        ] {
            #expect(throws: (any Error).self) { try Summary(file: "summary.json", bytes: Array(flaw.utf8)) }
        }
    }
}
