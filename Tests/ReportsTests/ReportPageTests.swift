import Foundation
import TestSupport
import Testing

@testable import Reports

/// The report as people see it, in a real browser.
@Suite(.serialized, .enabled(if: Chromium.path != nil, "\(Chromium.absence)"))
struct ReportPageTests {
    /// A page of so many items with hostile texts.
    private func page(
        items: Int, text: String = SampleReport.hostile, in scratch: TemporaryFolder
    ) throws -> URL {
        let url = scratch.file("report.html")
        try Data(SampleReport.report(items: items, text: text).html.utf8).write(to: url)
        return url
    }

    @Test(arguments: [400, 1280], [false, true])
    func `nothing complains, nothing is wider than the window, and the theme is the reader's`(
        width: Int, isDark: Bool
    ) throws {
        let scratch = try TemporaryFolder()
        let browser = try Chromium()
        try browser.open(try page(items: 40, in: scratch), width: width, isDark: isDark)
        #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        // A window of a desk's has a scroll bar.
        #expect(
            try browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
                == "true")
        let background = try browser.evaluate("getComputedStyle(document.body).backgroundColor")
        #expect(background == (isDark ? "rgb(21, 24, 27)" : "rgb(252, 252, 250)"))
        let picture = try browser.screenshot()
        #expect(picture.starts(with: [0x89, 0x50, 0x4e, 0x47]) && picture.count > 10_000)
    }

    @Test func `items are filtered, searched, turned over and opened`() throws {
        let scratch = try TemporaryFolder()
        let browser = try Chromium()
        try browser.open(try page(items: 45, in: scratch), width: 1280, isDark: false)
        func count() throws -> String { try browser.evaluate("document.getElementById('count').textContent") }
        #expect(try count() == "45 of 45 items")
        #expect(try browser.evaluate("document.querySelectorAll('#items details').length") == "20")
        // Under every other condition but one all items are wrong.
        try browser.click("#discordant")
        #expect(try count() == "45 of 45 items")
        try browser.click("#discordant")
        try browser.click("#next")
        #expect(try browser.evaluate("document.getElementById('page').textContent") == "2 of 3")
        try browser.evaluate(
            """
            (() => { const box = document.getElementById("search"); box.value = "ITEM-44"; \
            box.dispatchEvent(new Event("input", {bubbles: true})); })()
            """)
        #expect(try count() == "1 of 45 items")
        try browser.click("#items summary")
        func cells() throws -> String { try browser.evaluate("document.querySelectorAll('#items .cell').length") }
        // An item is filled when it has been opened, a moment later.
        for _ in 0..<100 where try cells() == "0" { usleep(50_000) }
        #expect(try cells() == "11")
        // Where activations are read and written is marked in what the models read.
        #expect(try browser.evaluate("document.querySelectorAll('#items .prompt mark').length") == "2")
        #expect(try browser.evaluate("document.querySelector('#items mark').textContent") == ":")
        let prompts = try browser.evaluate("document.querySelector('#items .side').textContent")
        #expect(prompts.contains("A reads (a/a)") && prompts.contains("token 2: read after 26 blocks"), "\(prompts)")
        #expect(prompts.contains("token 2: written after 24 blocks"), "\(prompts)")
        let origins = try browser.evaluate(
            "[...document.querySelectorAll('#items .cell small')].map(x => x.textContent).join()")
        #expect(
            origins.contains("reads b/b · message of item-0 · read at token 2 · written at token 2 · norm 12.50"),
            "\(origins)")
        // What an item holds is text, whatever it looks like.
        #expect(try browser.evaluate("document.querySelectorAll('#items script').length") == "0")
        #expect(try browser.evaluate("document.querySelector('#items').textContent").contains("<script>alert('x')"))
        #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    }

    @Test func `ten thousand items are there at once`() throws {
        let scratch = try TemporaryFolder()
        let browser = try Chromium()
        try browser.open(try page(items: 10_000, text: "blue", in: scratch), width: 1280, isDark: false)
        #expect(try browser.evaluate("document.getElementById('count').textContent") == "10000 of 10000 items")
        try browser.click("#changed")
        #expect(try browser.evaluate("document.getElementById('page').textContent") == "1 of 500")
        #expect(browser.complaints.isEmpty, "\(browser.complaints)")
    }

    @Test func `a plot's numbers stand beside it`() throws {
        let html = try SampleReport.report().html
        #expect(html.contains("contrast,points of F1,low,high\n"))
        #expect(html.components(separatedBy: "<desc>").count == html.components(separatedBy: "<svg").count)
        #expect(
            Plot.differences(DifferencePlot(title: "t", unit: "a,\"b\"", rows: [])).csv
                == "contrast,\"a,\"\"b\"\"\",low,high\n")
    }
}
