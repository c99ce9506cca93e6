package import Foundation
import PlainText

/// One of the process's two output streams.
///
/// Results go to ``output``, everything said along the way to ``error``. Bytes are written at once, unbuffered; an
/// output that cannot be written to any more (a closed pipe, a full disk) is passed over, since a report of
/// progress must never end the work.
package struct Terminal: Sendable {
    private let descriptor: Int32

    package static let output = Terminal(descriptor: 1)
    package static let error = Terminal(descriptor: 2)

    /// Whether a person watches, so that lines may be redrawn.
    package var isInteractive: Bool {
        isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Whether what is written goes to a terminal, and not to a file or another program.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Whether people are shown ASCII alone: where the locale is named and is not one of UTF-8.
    package static let isASCII: Bool = isASCII(in: ProcessInfo.processInfo.environment)

    /// As the C library finds the locale of characters: the first of these that says something.
    static func isASCII(in environment: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.filter { !$0.isEmpty }
        guard let locale = names.first?.lowercased() else { return false }
        return !locale.contains("utf-8") && !locale.contains("utf8")
    }

    /// Columns for what is written to people: the terminal's own, else `COLUMNS`, else 80; between 20 and 500.
    package var width: Int {
        var size = winsize()
        var columns = 0
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 { columns = Int(size.ws_col) }
        if columns == 0 { columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 80 }
        // An ellipsis takes three columns of ASCII.
        return max(min(columns, 500) - (Self.isASCII ? 2 : 0), 20)
    }

    /// Writes text for people, in characters that the locale has.
    package func write(_ text: String) {
        writeData(Self.isASCII ? PrintableText.ascii(text) : text)
    }

    /// Writes one line for people.
    package func writeLine(_ line: String = "") {
        write(line + "\n")
    }

    /// Writes a line that tells what happens. Where nobody watches it begins with the time.
    package func log(_ line: String, at time: Date = Date()) {
        writeLine(isInteractive ? line : Self.stamped(line, at: time))
    }

    /// The line behind the time, in ISO 8601 and UTC.
    static func stamped(_ line: String, at time: Date) -> String { time.formatted(.iso8601) + " " + line }

    /// Writes text as it is, for programs or because it is the user's own.
    package func writeData(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while let start = rest.baseAddress, !rest.isEmpty {
                let written = Foundation.write(descriptor, start, rest.count)
                if written > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    /// Writes the error on one line, as `error: …`. Meant for ``error``.
    package func report(_ error: any Error) {
        writeLine(ErrorLine.text(of: error))
    }
}
