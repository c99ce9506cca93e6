import Foundation
import Storage

/// Text as HTML shows it.
package enum HTML {
    /// Escapes what has a meaning in text and in quoted attributes; control characters that HTML forbids become
    /// U+FFFD.
    package static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\t": escaped.append(scalar)
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}": escaped.append("\u{FFFD}")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}

extension RunReport {
    /// `report.html`: one page that needs nothing else, with plots as inline SVG, in the reader's light or dark
    /// theme.
    package var html: String { Self.html(document, browser: browser) }

    /// A document as a page.
    static func html(_ document: ReportDocument, browser: ItemBrowser? = nil) -> String {
        var body = "<h1>\(HTML.escaped(document.title))</h1>\n<p class=\"lead\">\(HTML.escaped(document.lead))</p>\n"
        for section in document.sections {
            body += "<section>\n<h2>\(HTML.escaped(section.title))</h2>\n"
            for block in section.blocks {
                switch block {
                case .paragraph(let text): body += "<p>\(HTML.escaped(text))</p>\n"
                case .table(let table): body += html(table)
                case .plot(let plot): body += html(plot)
                }
            }
            body += "</section>\n"
        }
        var policy = "default-src 'none'; style-src 'unsafe-inline'"
        if let browser {
            // The one script that runs is this one.
            let digest = ContentHasher.digest(of: ItemBrowser.script)
            policy += "; script-src 'sha256-\(Data(digest.bytes).base64EncodedString())'"
            body +=
                ItemBrowser.markup + "<script type=\"application/json\" id=\"data\">\(browser.data)</script>\n"
                + "<script>\(ItemBrowser.script)</script>\n"
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <title>\(HTML.escaped(document.title))</title>
            <style>
            \(style)
            </style>
            </head>
            <body>
            <main>
            \(body)</main>
            </body>
            </html>

            """
    }

    /// A plot with its numbers, for those who cannot see it and for those who want to lay them beside theirs.
    private static func html(_ plot: Plot) -> String {
        "<figure>\n\(SVG.text(of: plot))<details class=\"csv\"><summary>numbers (CSV)</summary>"
            + "<pre>\(HTML.escaped(plot.csv))</pre></details></figure>\n"
    }

    private static func html(_ table: DocumentTable) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(HTML.escaped($0))</\(tag)>" }.joined() + "</tr>\n"
        }
        return "<div class=\"scroll\"><table class=\"\(table.figures ? "figures" : "texts")\">\n<thead>"
            + row(table.titles, "th") + "</thead>\n<tbody>\n" + table.rows.map { row($0, "td") }.joined()
            + "</tbody>\n</table></div>\n"
    }

    /// How it looks; the live page looks alike.
    package static let style = """
        :root { color-scheme: light dark; --page: #fcfcfa; --text: #1d2126; --soft: #667079; --rule: #dde1e4;
          --s0: #2a6fb0; --s1: #d9822b; --interval: #1d2126; }
        @media (prefers-color-scheme: dark) { :root { --page: #15181b; --text: #e4e7ea; --soft: #98a2ab;
          --rule: #31373d; --s0: #5fa4e6; --s1: #eda552; --interval: #f4f6f8; } }
        body { margin: 0; background: var(--page); color: var(--text);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
        .lead { color: var(--soft); }
        .scroll { overflow-x: auto; margin: 1rem 0; }
        table { border-collapse: collapse; font-size: .875rem; }
        th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top;
          border-bottom: 1px solid var(--rule); }
        th { color: var(--soft); font-weight: 600; }
        .figures th:first-child, .figures td:first-child { min-width: 14em; }
        .figures th:not(:first-child), .figures td:not(:first-child) { text-align: right; white-space: nowrap;
          font-variant-numeric: tabular-nums; padding-left: .9rem; }
        .texts td { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 5rem; max-width: 22rem; }
        figure { margin: 1rem 0; }
        svg { width: 100%; height: auto; font-size: 12px; }
        svg text { fill: var(--soft); }
        svg text.strong { fill: var(--text); font-weight: 700; }
        .grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
        .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
        .curve.s0, .whisker.s0 { stroke: var(--s0); } .curve.s1, .whisker.s1 { stroke: var(--s1); }
        .whisker { stroke-width: 1.2; opacity: .6; }
        .cellbox.s0 { fill: var(--s0); } .cellbox.s1 { fill: var(--s1); }
        .cellbox.found { stroke: var(--interval); stroke-width: 1.5; }
        .dot.s0, .bar.s0 { fill: var(--s0); } .dot.s1, .bar.s1 { fill: var(--s1); }
        .csv { font-size: .8rem; color: var(--soft); } pre { overflow-x: auto; }
        #filters { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; }
        #browser select, #browser input[type=search], #browser button { font: inherit; color: inherit;
          background: var(--page); border: 1px solid var(--rule); border-radius: 4px; padding: .2rem .5rem; max-width: 100%; }
        #browser details { border-bottom: 1px solid var(--rule); padding: .35rem 0; }
        #browser summary { cursor: pointer; overflow-wrap: anywhere; }
        .side { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: .75rem;
          margin: .75rem 0; }
        .prompt, .cell { border: 1px solid var(--rule); border-radius: 4px; padding: .5rem .75rem; font-size: .875rem;
          white-space: pre-wrap; overflow-wrap: anywhere; max-height: 22rem; overflow-y: auto; }
        .cell p { margin: .25rem 0; } h4 { margin: 0 0 .25rem; font-size: .875rem; color: var(--soft); }
        dl { display: grid; grid-template-columns: 1fr auto; gap: 0 .75rem; margin: .5rem 0 0; font-size: .75rem;
          color: var(--soft); white-space: normal; } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
        small { color: var(--soft); font-size: .75rem; overflow-wrap: anywhere; }
        mark { background: var(--s1); color: #14171a; border-radius: 3px; }
        .interval { stroke: var(--interval); stroke-width: 1.2; }
        """
}
