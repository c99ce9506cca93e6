import ArgumentParser
import Console
import Foundation
import PlainText
import Processes

/// A coordinator with very many workers and very small units, undisturbed or attacked.
struct LoadBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Units a second of a coordinator with 256 workers that answer at once.",
        discussion: """
            With --attack the same is measured while another process does to the coordinator what anybody may who can \
            connect, after a run that nobody disturbs: the workers come by an address of this machine then.
            """)

    @Option(help: ArgumentHelp("Worker sessions, up to 2,000 in a process, a socket each.", valueName: "n"))
    var sessions = 256

    @Option(help: ArgumentHelp("Units, a multiple of 1,000.", valueName: "n"))
    var units = 100_000

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Attacks: \(Attack.allCases.map(\.rawValue).joined(separator: ", ")), or all.", valueName: "name"))
    var attack: [String] = []

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    func validate() throws {
        guard sessions > 0, units > 0 else { throw ValidationError("sessions and units are at least 1") }
        for name in attack where name != "all" && Attack(rawValue: name) == nil {
            throw ValidationError("--attack \(name): expected all or one of \(Attack.allCases.map(\.rawValue))")
        }
    }

    func run() throws {
        let attacks = attack.contains("all") ? Attack.allCases : attack.compactMap(Attack.init)
        var lines = [try measure(nil, listens: !attacks.isEmpty)]
        for attack in attacks { lines.append(try measure(attack, listens: true)) }
        var table = Table([
            .init("attack"), .init("units/s", .trailing), .init("share", .trailing), .init("memory", .trailing),
            .init("status, median", .trailing), .init("longest", .trailing), .init("end", .trailing),
        ])
        for line in lines {
            table.add([
                line.attack ?? "none", Quantities.count(Int(line.unitsPerSecond)),
                "\(Int(100 * line.unitsPerSecond / lines[0].unitsPerSecond)) %", Quantities.bytes(line.memoryBytes),
                "\(Quantities.fixed(line.statusMilliseconds, digits: 1)) ms",
                "\(Quantities.fixed(line.longestStatusMilliseconds, digits: 1)) ms",
                "\(Quantities.fixed(line.endingSeconds, digits: 1)) s",
            ])
        }
        Terminal.output.writeLine(table.text)
        try BenchmarkHistory.append(lines, of: "load", to: history)
    }

    /// Each in a process of its own, so that memory is that of one run.
    private func measure(_ attack: Attack?, listens: Bool) throws -> LoadFigures {
        let arguments =
            ["load-measurement", "--sessions", "\(sessions)", "--units", "\(units)"]
            + (attack.map { ["--attack", $0.rawValue] } ?? []) + (listens ? ["--listens"] : [])
        let process = try ChildProcess(Program.file, arguments, output: .pipe)
        let data = try process.output?.readToEnd() ?? Data()
        guard process.wait() == .exitCode(0) else {
            throw BenchmarkFailure(description: "the run \(attack.map { "under \($0)" } ?? "") failed")
        }
        return try JSONDecoder().decode(LoadFigures.self, from: data)
    }
}
