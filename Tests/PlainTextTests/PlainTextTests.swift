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
        #expect(ShellText.quoted("tcp://*:5755") == "'tcp://*:5755'")
        #expect(ShellText.quoted("") == "''")
        #expect(ShellText.quoted("a b's") == "'a b'\\''s'")
    }

    private var scores: Table {
        var table = Table([.init("SQuAD (q.json), 256 items"), .init("exact match", .trailing), .init("F1", .trailing)])
        table.add(["shuffled: another item's activation", "0.8 % [0.2, 2.8]", "0.8 % [0.2, 2.8]"])
        table.add(["a", "1 %", "2 %"])
        return table
    }

    @Test func `a table keeps within the width it has, its first column broken into lines`() {
        #expect(scores.text(width: 71) == scores.text)
        #expect(
            scores.text(width: 60)
                == """
                SQuAD (q.json), 256
                items                    exact match                F1
                ────────────────────────  ────────────────  ────────────────
                shuffled: another item's
                activation                0.8 % [0.2, 2.8]  0.8 % [0.2, 2.8]
                a                                      1 %               2 %

                """.replacing("items                    exact", with: "items                          exact"))
    }

    @Test func `where a table has no room its rows become paragraphs`() {
        #expect(
            scores.text(width: 40) == """
                SQuAD (q.json), 256 items
                ─────────────────────────
                shuffled: another item's activation
                  exact match  0.8 % [0.2, 2.8]
                  F1           0.8 % [0.2, 2.8]
                a
                  exact match  1 %
                  F1           2 %

                """)
        for width in 20...100 {
            for line in scores.text(width: width).split(separator: "\n") {
                #expect(PrintableText.width(String(line)) <= width, "\(width) columns: \(line)")
            }
        }
    }

    @Test func `text is broken at spaces, and within a word where there is no other way`() {
        #expect(PrintableText.wrapped("ab cd efg", to: 5) == ["ab cd", "efg"])
        #expect(PrintableText.wrapped("abcdefgh i", to: 3) == ["abc", "def", "gh", "i"])
        #expect(PrintableText.wrapped("", to: 3) == [""])
        #expect(PrintableText.wrapped("日本語", to: 4) == ["日本", "語"])
    }

    @Test func `what the program draws has a form in ASCII, and what comes from outside stays`() {
        #expect(PrintableText.ascii("▕██▌ ▏ 96 × 128 → 3…") == "[### ] 96 x 128 -> 3...")
        #expect(PrintableText.ascii("─── – Grüße 日本") == "--- - Grüße 日本")
    }

    @Test func `the nearest name is found, and none where all are far`() {
        let names = ["rows", "learning-rate", "layer-k", "layer-j"]
        #expect(NearestName.of("row", among: names) == "rows")
        #expect(NearestName.of("Learning_Rate", among: names) == "learning-rate")
        #expect(NearestName.of("lr", among: names) == nil)
        #expect(NearestName.of("", among: names) == nil)
        #expect(NearestName.question("layer-l", among: names) == "; did you mean 'layer-k'?")
    }
}
