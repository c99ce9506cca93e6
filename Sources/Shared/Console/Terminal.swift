import Foundation

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
        isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Columns: the terminal's own, else `COLUMNS`, else 80; between 20 and 500.
    package var width: Int {
        var size = winsize()
        var columns = 0
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 { columns = Int(size.ws_col) }
        if columns == 0 { columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 80 }
        return min(max(columns, 20), 500)
    }

    /// Writes text as it is.
    package func write(_ text: String) {
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

    /// Writes one line.
    package func writeLine(_ line: String = "") {
        write(line + "\n")
    }

    /// Writes the error on one line, as `error: …`. Meant for ``error``.
    package func report(_ error: any Error) {
        writeLine(ErrorLine.text(of: error))
    }
}
