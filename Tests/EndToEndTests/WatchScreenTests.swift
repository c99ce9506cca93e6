import Foundation
import TestSupport
import Testing

/// `coordinator status --watch` on a real terminal: tmux's.
@Suite(.serialized, .blocking, .enabled(if: SystemProgram.tmux != nil, "no tmux (Debian: apt-get install tmux)"))
struct WatchScreenTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    @discardableResult
    private func tmux(_ arguments: [String]) throws -> String {
        let socket = scratch.file("t").path
        return try ProgramProcess(
            path: try #require(SystemProgram.tmux), ["-S", socket, "-f", "/dev/null"] + arguments, in: scratch,
            environment: ["LC_ALL": "C.UTF-8", "TERM": "xterm-256color"]
        ).end(within: 20).output
    }

    private func screen() throws -> String { try tmux(["capture-pane", "-p"]) }

    @Test func `it is drawn in place, goes by keys, and leaves the terminal as it was`() throws {
        let coordinator = try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: scratch.file("run"), ["--workers", "0", "--listen", "tcp://127.0.0.1:*"]), in: scratch)
        let program = ProgramProcess.folder.appendingPathComponent("coordinator").path
        try tmux(["new-session", "-d", "-x", "100", "-y", "30", "sh"])
        try tmux([
            "send-keys", "'\(program)' status --watch --connect \(try coordinator.statusEndpoint().text)", "Enter",
        ])
        #expect(try wait(20) { try screen().contains("q quit   p pause   w workers: as they came") })
        let first = try screen()
        #expect(first.contains("running") && first.contains("squad") && first.contains("no worker has come yet"))
        #expect(first.split(separator: "\n", omittingEmptySubsequences: false).allSatisfy { $0.count <= 100 })
        try tmux(["send-keys", "w"])
        #expect(try wait(10) { try screen().contains("w workers: slowest first") })
        try tmux(["send-keys", "p"])
        #expect(try wait(10) { try screen().contains("paused") })
        try tmux(["resize-window", "-x", "60", "-y", "12"])
        #expect(try wait(10) { try screen().contains("q quit") })
        try tmux(["send-keys", "q"])
        #expect(try wait(10) { try screen().contains("status --watch") })
        try tmux(["send-keys", "echo $((6 * 7))", "Enter"])
        #expect(try wait(10) { try screen().contains("42") })
        try tmux(["kill-server"])
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
    }
}
