import Foundation
import Reports
import Run
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

struct DocumentTests {
    @Test func `the page loads nothing from elsewhere and runs nothing but its own`() throws {
        let html = try SampleReport.text("report.html", of: SampleReport.report())
        // Its own script, and its data; no other.
        #expect(html.components(separatedBy: "<script").count == 3)
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
        for forbidden in ["<link", "src=", "href=", "@import", "url("] {
            #expect(!html.contains(forbidden), "\(forbidden)")
        }
        #expect(!html.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" })
        #expect(html.contains("prefers-color-scheme: dark"))
    }

    /// The page is XML once its one unclosed kind of element is taken out.
    private func parses(_ html: String) -> Bool {
        let lines = html.split(separator: "\n", omittingEmptySubsequences: false)
        let text = lines.filter { !$0.hasPrefix("<meta") && !$0.hasPrefix("<!DOCTYPE") }.joined(separator: "\n")
        return XMLParser(data: Data(text.utf8)).parse()
    }

    @Test(
        arguments: [
            [4, 2, 1, 0.5], [], [0], [0, 0, 0], [1e-300, 1e300], [.nan, 1], [.infinity, 3], [7, 7],
            (0..<5000).map { 1 / Double($0 + 1) },
        ] as [[Double]])
    func `the page is well-formed whatever is drawn`(losses: [Double]) throws {
        let html = try SampleReport.text("report.html", of: SampleReport.report(losses: losses))
        #expect(parses(html))
        #expect(!html.contains("\"nan") && !html.contains("\"inf") && !html.contains("\"–"))
        #expect(html.utf8.count < 200_000)
    }

    @Test func `the page draws the loss, the layers' similarity and a bar for each condition and metric`() throws {
        let html = try SampleReport.text("report.html", of: SampleReport.report())
        #expect(html.components(separatedBy: "<svg").count - 1 == 6)
        #expect(html.contains("Training loss by step"))
        #expect(html.contains("F1 against operations") && html.contains("operations, paper"))
        #expect(html.contains("F1 against the message&#39;s bytes"))
        #expect(html.contains("condition,bytes of the message,&quot;F1, per cent&quot;"))
        #expect(html.contains("Text similarity by layer"))
        // Eleven conditions with exact match and F1, five contrasts, and the legends of two plots.
        #expect(html.components(separatedBy: "<rect").count - 1 == 11 * 2 + 5 + 4)
        #expect(html.components(separatedBy: "class=\"interval\"").count - 1 == (11 * 2 + 5) * 3)
    }

    @Test func `Markdown keeps each table's columns, whatever the cells hold`() throws {
        let text = try SampleReport.text("report.md", of: SampleReport.report())
        var columns: Int?
        var tables = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("|") else {
                columns = nil
                continue
            }
            let count = line.replacing("\\\\", with: "").replacing("\\|", with: "").count { $0 == "|" }
            if columns == nil { tables += 1 }
            #expect(columns == nil || columns == count, "\(line)")
            columns = count
        }
        #expect(tables >= 8)
        #expect(!text.contains("<script"))
        #expect(!text.replacing("\\]", with: "").contains("](http"))
        #expect(text.contains("| injected: A's activation | 100.0 % \\[51.0, 100.0\\] |"))
    }

    @Test func `the final table names the conditions and gives values with their intervals, aligned`() throws {
        let summary = try SampleReport.report(text: "blue").summaryText
        let lines = summary.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(
            lines[0] == "projection 4 × 3 from 3,072 texts: loss 4.00 → 0.500 in 4 steps "
                + "(the mean alone: 5.00), R² 0.750 on 307 others")
        let header = try #require(lines.firstIndex { $0.hasPrefix("SQuAD v1.1 (no file), 4 items") })
        // A title that is too long for 80 columns goes on in a second line, with the values.
        let rows = lines[(header + 2)...].prefix { !$0.isEmpty }
        #expect(rows.count { $0.hasSuffix("]") } == 11)
        #expect(Set(rows.filter { $0.hasSuffix("]") }.map(\.count)) == [lines[header].count])
        #expect(rows.allSatisfy { $0.count <= 80 })
        #expect(
            rows.contains { $0.hasPrefix("injected: A's activation") && $0.contains("100.0 % [51.0, 100.0]") })
        #expect(summary.hasSuffix("\n[95 % confidence intervals]\n"))
    }

    @Test func `remarks and cut prompts are said wherever the figures are read`() throws {
        var report = try SampleReport.report()
        report.remarks = ["the pair is a toy"]
        #expect(report.summaryText.contains("note: the pair is a toy"))
        #expect(report.markdown.contains("the pair is a toy"))
        #expect(report.html.contains("the pair is a toy"))
        let plain = try SampleReport.report()
        #expect(!plain.summaryText.contains("cut on the left"))
    }

    @Test func `a mix of devices is said where the results are read`() throws {
        var report = try SampleReport.report()
        #expect(report.markdown.contains("different kinds"))
        report.deviceKinds = ["cpu a"]
        #expect(!report.markdown.contains("different kinds"))
    }
}
