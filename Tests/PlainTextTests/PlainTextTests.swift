import PlainText
import Testing

struct PlainTextTests {
    @Test func `a table aligns its columns and ends no line in spaces`() {
        var table = Table([.init("condition"), .init("exact match", .trailing), .init("n", .trailing)])
        table.add(["injected", "61.0 %", "100"])
        table.add(["日本", "7.0 %"])
        #expect(
            table.text == """
                condition  exact match    n
                ─────────  ───────────  ───
                injected        61.0 %  100
                日本             7.0 %

                """)
    }

    @Test func `a cell cannot break its line or move the cursor`() {
        var table = Table([.init("worker")])
        table.add(["a\nb\u{1b}[2J\u{202e}"])
        #expect(table.text == "worker\n─────────\na; b\u{FFFD}[2J\u{FFFD}\n")
    }

    @Test(
        arguments: [
            (0, "0 ms"), (0.0123, "12 ms"), (0.9996, "1.0 s"), (12.34, "12.3 s"), (59.96, "1 min 00 s"),
            (245, "4 min 05 s"), (7380, "2 h 03 min"), (273_600, "3 d 04 h"), (-5, "0 ms"), (.infinity, "–"),
            (.nan, "–"),
        ])
    func `a stretch of time is said in the unit that suits it`(seconds: Double, text: String) {
        #expect(Quantities.duration(seconds: seconds) == text)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (1_048_575, "1.0 MiB"), (50 << 20, "50.0 MiB"),
            (.max, "16.0 EiB"),
        ] as [(UInt64, String)])
    func `bytes are said in the unit that suits them`(count: UInt64, text: String) {
        #expect(Quantities.bytes(count) == text)
    }

    @Test func `rates are given by the second, minute or hour`() {
        #expect(Quantities.rate(123.4, of: "rows") == "123 rows/s")
        #expect(Quantities.rate(0.05, of: "steps") == "3.00 steps/min")
        #expect(Quantities.rate(0.001, of: "steps") == "3.60 steps/h")
        #expect(Quantities.rate(.nan, of: "steps") == "–")
    }

    @Test func `counts and decimals`() {
        #expect(Quantities.count(3_072) == "3,072")
        #expect(Quantities.count(-1_234_567) == "-1,234,567")
        #expect(Quantities.count(.min) == "-9,223,372,036,854,775,808")
        #expect(Quantities.fixed(-0.001, digits: 1) == "0.0")
        #expect(Quantities.significant(0.012345) == "0.0123")
        #expect(Quantities.significant(7.6e-5) == "7.60e-05")
    }

    @Test func `cutting counts columns and marks the cut`() {
        #expect(PrintableText.cut("abc", to: 3) == "abc")
        #expect(PrintableText.cut("abcd", to: 3) == "ab…")
        #expect(PrintableText.cut("日本語", to: 4) == "日…")
        #expect(PrintableText.cut("abc", to: 0) == "")
    }

    @Test func `what is quoted stays on its line and within its length`() {
        #expect(PrintableText.quoted("a\n\u{202e}b") == "a\\u{a}\\u{202e}b")
        #expect(PrintableText.quoted("abcd", limit: 3) == "abc…")
    }

    @Test func `white space is stripped as Python does it`() {
        #expect("\u{1c}\u{a0} a b\u{2003}\n".strippedAsPython() == "a b")
        #expect(" \t".strippedAsPython() == "")
    }

    @Test func `an argument is quoted as a shell takes it`() {
        #expect(ShellText.quoted("runs/a_b-1.json") == "runs/a_b-1.json")
        #expect(ShellText.quoted("") == "''")
        #expect(ShellText.quoted("a b's") == "'a b'\\''s'")
    }
}
