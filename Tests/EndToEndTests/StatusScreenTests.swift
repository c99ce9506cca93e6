import Foundation
import Run
import TestSupport
import Testing

/// `coordinator status --watch` on a terminal, as its reader sees it.
@Suite(
    .serialized, .blocking, .enabled(if: SystemProgram.tmux != nil, "no tmux (Debian: apt-get install tmux)"),
    .timeLimit(.minutes(10)))
struct StatusScreenTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    /// A training that is at work for as long as it is looked at.
    private func startTraining() throws -> ProgramProcess {
        try ProgramProcess(
            "coordinator",
            DemoRun.arguments(
                output: scratch.file("run"), ["--workers", "2", "--threads", "1", "--epochs", "40000"]), in: scratch)
    }

    /// The view in a terminal, whose settings before and after go to files, and its exit code to the screen.
    private func watch(_ coordinator: ProgramProcess, width: Int) throws -> TerminalWindow {
        let program = ProgramProcess.folder.appendingPathComponent("coordinator").path
        let endpoint = try coordinator.statusEndpoint().text
        return try TerminalWindow(
            """
            stty -a > before; echo shell before; '\(program)' status --watch --connect '\(endpoint)'; \
            echo "ended with $?"; stty -a > after; sleep 1000
            """, width: width, height: 24, in: scratch)
    }

    private func end(_ coordinator: ProgramProcess) throws {
        coordinator.send(SIGTERM)
        #expect(try coordinator.end().code == 130)
    }

    /// That the terminal is as it was, with what stood there.
    private func checkRestored(_ window: TerminalWindow, code: Int) throws {
        try window.wait { $0.contains("ended with \(code)") }
        let screen = try window.allLines()
        #expect(screen.first == "shell before" && screen.contains("ended with \(code)"), "\(screen)")
        #expect(!screen.contains { $0.hasPrefix("q quit") }, "\(screen)")
        _ = wait(10) { FileManager.default.fileExists(atPath: scratch.file("after").path) }
        let settings = try ["before", "after"].map { try String(contentsOf: scratch.file($0), encoding: .utf8) }
        #expect(settings[0] == settings[1] && settings[0].contains(" icanon"))
    }

    private static let sparks = Set("▁▂▃▄▅▆▇█")

    @Test(arguments: [80, 40])
    func `stages, loss and workers fit the terminal, and keys do what the last line says`(width: Int) throws {
        let coordinator = try startTraining()
        let window = try watch(coordinator, width: width)
        let endpoint = try coordinator.statusEndpoint()
        let screen = try window.wait { lines in
            lines.contains { $0.hasPrefix("loss ") && $0.filter(Self.sparks.contains).count > 2 }
        }
        #expect(screen.count == 24 && screen.allSatisfy { $0.count < width }, "\(screen)")
        #expect(screen[0].contains("running") && screen[0].hasPrefix("run ") == (width == 80), "\(screen)")
        for stage in ["extract", "train", "similarity", "squad", "gsm8k"] {
            #expect(screen.contains { $0.hasPrefix(stage) }, "\(stage): \(screen)")
        }
        #expect(screen[23].hasPrefix("q quit") && screen[23].hasSuffix("w as they came"), "\(screen)")
        // Both workers have a line, whatever else there is room for.
        let workers = try coordinator.status(at: endpoint) { $0.workers.count == 2 }.workers.map(\.worker)
        func places(_ lines: [String]) -> [Int] {
            workers.compactMap { worker in lines.firstIndex { $0.hasPrefix(worker + " ") } }
        }
        #expect(places(screen).count == 2, "\(workers): \(screen)")

        // Sorted: the one that is silent comes first.
        let ids = try coordinator.status(at: endpoint) { $0.workers.count == 2 }.workers.map(\.processID)
        try window.press("w")
        try window.wait { $0[23].contains("w slowest first") }
        try window.press("w")
        try window.wait { $0[23].contains("w longest silent first") }
        for silent in [1, 0] {
            kill(ids[silent], SIGSTOP)
            try window.wait { lines in
                let found = places(lines)
                return found.count == 2 && found[silent] < found[1 - silent]
            }
            kill(ids[silent], SIGCONT)
        }
        try window.press("w")
        try window.wait { lines in
            let found = places(lines)
            return lines[23].contains("w as they came") && found.count == 2 && found[0] < found[1]
        }

        // Paused: the run goes on, the view does not.
        try window.press("p")
        let paused = try window.wait { $0[23].contains("p go on") }
        let before = try coordinator.status(at: endpoint) { _ in true }.elapsedSeconds
        try coordinator.status(at: endpoint) { $0.elapsedSeconds > before + 3 }
        #expect(try window.lines() == paused)
        try window.press("p")
        try window.wait { $0[23].contains("p pause") && $0 != paused }

        try window.press("q")
        try checkRestored(window, code: 0)
        try end(coordinator)
    }

    @Test func `scores are shown as they come in, and the view ends as the run does`() throws {
        let coordinator = try ProgramProcess(
            "coordinator",
            ShortRun.arguments(output: scratch.file("run"), ["--workers", "1", "--threads", "1", "--limit", "400"]),
            in: scratch)
        let endpoint = try coordinator.statusEndpoint()
        // The worker stands still while the view is opened, so that the run is not over before it is.
        let worker = try coordinator.status(at: endpoint) { !$0.scores.isEmpty }.workers[0].processID
        kill(worker, SIGSTOP)
        defer { kill(worker, SIGCONT) }
        let window = try watch(coordinator, width: 80)
        let screen = try window.wait { $0.contains { $0.contains(#/^squad \d+\/\d+ items: [A-Z]+ [+-]?[\d.]+ \[/#) } }
        #expect(screen[23].hasPrefix("q quit"), "\(screen)")
        coordinator.send(SIGTERM)
        kill(worker, SIGCONT)
        #expect(try coordinator.end().code == 130)
        try checkRestored(window, code: 130)
    }
}
