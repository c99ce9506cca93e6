import PlainText

/// How both programs say what went wrong: one line that begins with `error: `.
package enum ErrorLine {
    /// The error's description on one line. What came from outside (paths, peers, text of a file) cannot start a
    /// line of its own or move the terminal's cursor.
    package static func text(of error: any Error) -> String {
        "error: " + PrintableText.oneLine(SystemFailure.text(of: error))
    }
}
