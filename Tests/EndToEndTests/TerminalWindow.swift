import Foundation
import TestSupport

/// A terminal of a size of its own with a program in it, held by a tmux that nobody else speaks to: keys go in, and what
/// stands on the screen comes out.
final class TerminalWindow {
    private let tmux: String
    /// Its server, which is no daemon: it goes with the test.
    private let server: ProgramProcess
    private let scratch: TemporaryFolder
    private static let socket = "window"

    /// Runs a line of shell in a new terminal.
    init(_ line: String, width: Int, height: Int, in scratch: TemporaryFolder) throws {
        guard let tmux = SystemProgram.tmux else { throw TimedOut(what: "a tmux") }
        self.tmux = tmux
        self.scratch = scratch
        server = try Self.start(tmux, ["-D", "-f", "/dev/null", "-u"], in: scratch)
        let isThere = EndToEndTests.wait(20) {
            FileManager.default.fileExists(atPath: scratch.file(Self.socket).path)
        }
        guard isThere else { throw TimedOut(what: "tmux's socket: \(server.errors)") }
        try run(["new-session", "-d", "-x", "\(width)", "-y", "\(height)", line])
    }

    deinit {
        _ = try? run(["kill-server"])
        _ = try? server.end(within: 5)
    }

    /// The lines on the screen, without the spaces at their ends.
    func lines() throws -> [String] {
        try run(["capture-pane", "-p"]).components(separatedBy: "\n").dropLast()
    }

    /// The same, behind what has left the screen at its top.
    func allLines() throws -> [String] {
        try run(["capture-pane", "-p", "-S", "-"]).components(separatedBy: "\n").dropLast()
    }

    func press(_ key: String) throws { try run(["send-keys", key]) }

    /// Waits until what is on the screen fits.
    @discardableResult
    func wait(_ seconds: Double = 60, until condition: ([String]) -> Bool) throws -> [String] {
        var last: [String] = []
        let held = try EndToEndTests.wait(seconds) {
            last = try lines()
            return condition(last)
        }
        guard held else { throw TimedOut(what: "a screen that fits; the last was\n\(last.joined(separator: "\n"))") }
        return last
    }

    @discardableResult
    private func run(_ arguments: [String]) throws -> String {
        let ending = try Self.start(tmux, arguments, in: scratch).end(within: 20)
        guard ending.code == 0 else { throw TimedOut(what: "tmux \(arguments): \(ending.errors)") }
        return ending.output
    }

    /// The socket lies in the test's folder, whose path may be long: it is named from there.
    private static func start(_ tmux: String, _ arguments: [String], in scratch: TemporaryFolder) throws
        -> ProgramProcess
    {
        try ProgramProcess(
            path: "/bin/sh", ["-c", #"cd "$0" && exec "$@""#, scratch.url.path, tmux, "-S", socket] + arguments,
            in: scratch, environment: ["LC_ALL": "C.UTF-8", "TERM": "xterm-256color"])
    }
}
