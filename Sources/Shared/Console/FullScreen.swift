import Foundation

/// A terminal given over to one view: nothing scrolls, keys come as they are pressed, and what was there before comes
/// back at the end.
package final class FullScreen: @unchecked Sendable {  // to close it twice does no harm
    private let former: termios

    /// nil where standard input and output are no terminal.
    package init?() {
        var settings = termios()
        guard Terminal.output.isInteractive, tcgetattr(0, &settings) == 0 else { return nil }
        former = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        guard tcsetattr(0, TCSANOW, &settings) == 0 else { return nil }
        // Another screen, no cursor.
        Terminal.output.writeData("\u{1b}[?1049h\u{1b}[?25l")
    }

    deinit { close() }

    private var isClosed = false

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        var former = former
        tcsetattr(0, TCSANOW, &former)
        Terminal.output.writeData("\u{1b}[?25h\u{1b}[?1049l")
    }

    /// Columns and rows now.
    package var size: (width: Int, height: Int) {
        var size = winsize()
        let isKnown = ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 0
        return (Terminal.output.width, isKnown ? Int(size.ws_row) : 24)
    }

    /// Shows these lines, as many as there is room for, in place of those before.
    package func show(_ lines: [String]) {
        let shown = lines.prefix(size.height).map { $0 + "\u{1b}[K" }
        Terminal.output.write("\u{1b}[H" + shown.joined(separator: "\r\n") + "\u{1b}[J")
    }

    /// The key that is pressed within so many milliseconds; nil where none is, or where there is nobody to press any.
    package func key(within milliseconds: Int32) -> Character? {
        var wanted = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, milliseconds) > 0 else { return nil }
        var byte: UInt8 = 0
        guard read(0, &byte, 1) == 1 else {
            // The terminal has gone.
            usleep(UInt32(milliseconds) * 1000)
            return nil
        }
        return Character(UnicodeScalar(byte))
    }
}
