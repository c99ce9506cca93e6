import Console
import PlainText
import Testing

struct ProgressTests {
    private let half = Progress(
        label: "train", done: 480, total: 960, unit: "steps", rate: 38.4, etaSeconds: 12.5, extras: ["loss 0.0123"])

    @Test func `a bar shows label, share, count, rate, remaining time and extra text in the width it has`() {
        #expect(half.bar(width: 100).hasPrefix("train  ▕█████"))
        #expect(half.bar(width: 100).hasSuffix("▏  480/960 steps, 50 %, 38.4 steps/s, ETA 12.5 s  loss 0.0123"))
        for width in 1...140 {
            #expect(PrintableText.width(half.bar(width: width)) <= width, "\(width) columns")
        }
        #expect(!half.bar(width: 66).contains("loss"))
        #expect(half.line == "train: 480/960 steps, 50 %, 38.4 steps/s, ETA 12.5 s, loss 0.0123")
    }

    @Test func `100 % is said only when all is done, and odd numbers draw something`() {
        #expect(Progress(label: "x", done: 9999, total: 10000).line == "x: 9,999/10,000 units, 99 %")
        #expect(Progress(label: "x", done: 5, total: 5, etaSeconds: 0).line == "x: 5/5 units, 100 %")
        #expect(Progress(label: "x", done: 5, total: 0).line == "x: 5 units")
        _ = Progress(label: "x", done: -1, total: 3, rate: .nan, etaSeconds: -.infinity).bar(width: 80)
        _ = Progress(label: "x", done: 7, total: 3).bar(width: 80)
    }

    @Test func `on a terminal the bar is redrawn in place, at most ten times a second`() {
        var bar = ProgressBar(isInteractive: true)
        var drawn = 0
        for tick in 0..<1000 {
            var progress = half
            progress.done = tick / 2
            let text = bar.update(progress, atSeconds: Double(tick) / 1000)
            #expect(!text.contains("\n"))
            if !text.isEmpty {
                #expect(text.hasPrefix("\r\u{1b}[2K"))
                drawn += 1
            }
        }
        #expect((9...11).contains(drawn))
        var complete = half
        complete.done = 960
        #expect(bar.update(complete, atSeconds: 1.001).hasSuffix("\n"))
        #expect(bar.update(complete, atSeconds: 9).isEmpty)
        #expect(bar.finish().isEmpty)
    }

    @Test func `elsewhere plain lines come every few seconds and at a stage's end`() {
        var bar = ProgressBar(isInteractive: false)
        var lines = 0
        for second in 0..<20 {
            var progress = half
            progress.done += second
            let text = bar.update(progress, atSeconds: Double(second))
            #expect(!text.contains("\u{1b}"))
            lines += text.isEmpty ? 0 : 1
        }
        #expect(lines == 4)
        // Where nothing is done there is nothing to say.
        var waiting = ProgressBar(isInteractive: false)
        #expect((0..<1_000).count { !waiting.update(half, atSeconds: Double($0)).isEmpty } == 1)
        var complete = half
        complete.done = 960
        #expect(bar.update(complete, atSeconds: 19.5).hasPrefix("train: 960/960 steps, 100 %"))
        var next = half
        next.label = "squad"
        #expect(bar.update(next, atSeconds: 19.6).hasPrefix("squad: "))
        #expect(bar.finish().hasPrefix("squad: "))
    }

    @Test func `a message stands above the bar, and a new stage leaves the old bar where it was`() {
        var bar = ProgressBar(isInteractive: true)
        #expect(bar.message("no worker yet") == "no worker yet\n")
        _ = bar.update(half, atSeconds: 0)
        let text = bar.message("worker 2 was lost\u{7}")
        #expect(text.hasPrefix("\r\u{1b}[2Kworker 2 was lost\u{FFFD}\n\r\u{1b}[2Ktrain"))
        var next = half
        next.label = "squad"
        let changed = bar.update(next, atSeconds: 0.01)
        #expect(changed.split(separator: "\n").count == 2)
        #expect(changed.hasPrefix("\r\u{1b}[2Ktrain") && changed.contains("\n\r\u{1b}[2Ksquad"))
        #expect(bar.finish().hasSuffix("\n"))
    }

    @Test func `off a terminal lines come less often as a run grows old`() {
        var bar = ProgressBar(isInteractive: false)
        var progress = half
        progress.done = 1
        var lines = 0
        var last = 0.0
        var longest = 0.0
        for second in stride(from: 0.0, to: 86_400, by: 1) {
            (progress.done, progress.total) = (Int(second), 1_000_000)
            if bar.update(progress, atSeconds: second).isEmpty { continue }
            lines += 1
            longest = max(longest, second - last)
            last = second
        }
        #expect((150...300).contains(lines), "\(lines) lines a day")
        #expect(longest == 600)
    }
}
