import PlainText

/// Decides what to write, and when, to keep a progress bar up to date. Pure: it is told the time and whether a
/// person watches, and gives back the text to write.
///
/// On a terminal the bar is redrawn in place, at most ten times a second. Elsewhere a plain line comes at each stage's
/// end, and in between where there is more to tell, at most every five seconds, less often as a run grows old: a
/// twentieth of its age apart, ten minutes at most. A day's run has some two hundred lines, not seventeen thousand.
package struct ProgressBar: Sendable {
    /// Seconds between two drawings.
    package static let redrawSeconds = 0.1
    package static let lineSeconds = 5.0
    package static let longestLineSeconds = 600.0

    private let isInteractive: Bool
    /// When something was last written for the stage, in seconds.
    private var lastWritten: Double?
    private var label: String?
    /// What the last line said was done.
    private var doneWritten: Int?
    /// Whether the stage's last line has been written.
    private var ended = false
    private var barIsDrawn = false
    private var last: Progress?
    private var width = 80

    package init(isInteractive: Bool) {
        self.isInteractive = isInteractive
    }

    /// What to write for `progress`: often nothing.
    /// - Parameters:
    ///   - width: the terminal's columns at the moment.
    ///   - seconds: since the run began.
    package mutating func update(_ progress: Progress, width: Int = 80, atSeconds seconds: Double) -> String {
        self.width = width
        var text = ""
        if label != progress.label {
            text += endBar()
            label = progress.label
            (lastWritten, doneWritten) = (nil, nil)
            ended = false
        }
        last = progress
        if ended { return text }
        if progress.isComplete {
            ended = true
            lastWritten = seconds
            if isInteractive {
                barIsDrawn = false
                return text + redrawn(progress) + "\n"
            }
            return text + progress.line + "\n"
        }
        let pause = isInteractive ? Self.redrawSeconds : Self.lineSeconds(atAge: seconds)
        if let lastWritten, seconds - lastWritten < pause { return text }
        if !isInteractive, doneWritten == progress.done { return text }
        (lastWritten, doneWritten) = (seconds, progress.done)
        guard isInteractive else { return text + progress.line + "\n" }
        barIsDrawn = true
        return text + redrawn(progress)
    }

    private static func lineSeconds(atAge seconds: Double) -> Double {
        min(max(lineSeconds, seconds / 20), longestLineSeconds)
    }

    /// A line of its own above the bar, such as a warning.
    package mutating func message(_ line: String) -> String {
        let line = PrintableText.oneLine(line) + "\n"
        guard barIsDrawn, let last else { return line }
        return "\r\u{1b}[2K" + line + redrawn(last)
    }

    /// The end of all drawing: what is shown stays, and the cursor goes to a line of its own.
    package mutating func finish() -> String {
        defer { ended = true }
        if let last, !ended, !isInteractive { return last.line + "\n" }
        return endBar()
    }

    private mutating func endBar() -> String {
        guard barIsDrawn, let last else { return "" }
        barIsDrawn = false
        return redrawn(last) + "\n"
    }

    /// One column stays free: a terminal wraps a line that fills its last one.
    private func redrawn(_ progress: Progress) -> String {
        "\r\u{1b}[2K" + progress.bar(width: width - 1)
    }
}
