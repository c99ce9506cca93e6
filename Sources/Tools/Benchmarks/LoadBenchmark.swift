import ArgumentParser
import Console
import Foundation
import PlainText
import Processes

/// A coordinator with very many workers and very small units, undisturbed, attacked or watched.
struct LoadBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Units a second of a coordinator with 256 workers that answer at once.",
        discussion: """
            With --attack the same is measured while another process does to the coordinator what anybody may who can \
            connect, between two runs that nobody disturbs: the workers come by an address of this machine then, and \
            the machine's last core is the attacker's alone. With --viewers or --queries it is measured in rounds, by \
            turns with nobody and with another process that looks at the page and asks for the status.
            """)

    @Option(help: ArgumentHelp("Worker sessions, up to 500 in a process, a socket each.", valueName: "n"))
    var sessions = 256

    @Option(help: ArgumentHelp("Units, a multiple of 1,000.", valueName: "n"))
    var units = 100_000

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Attacks: \(Attack.allCases.map(\.rawValue).joined(separator: ", ")), or all.", valueName: "name"))
    var attack: [String] = []

    @Option(help: ArgumentHelp("Those who look at the page, up to 200.", valueName: "n"))
    var viewers = 0

    @Option(help: ArgumentHelp("Questions for the status, a second.", valueName: "n"))
    var queries = 0

    @Option(help: ArgumentHelp("Rounds, where it is watched.", valueName: "n"))
    var rounds = 3

    @Option(help: ArgumentHelp("File that a line of figures is appended to; '-' for none.", valueName: "file"))
    var history = BenchmarkHistory.standardFile

    func validate() throws {
        guard sessions > 0, units > 0 else { throw ValidationError("sessions and units are at least 1") }
        for name in attack where name != "all" && Attack(rawValue: name) == nil {
            throw ValidationError("--attack \(name): expected all or one of \(Attack.allCases.map(\.rawValue))")
        }
        guard (0...200).contains(viewers) else { throw ValidationError("--viewers \(viewers): expected 0 to 200") }
        guard (0...100).contains(queries) else { throw ValidationError("--queries \(queries): expected 0 to 100") }
        guard rounds > 0 else { throw ValidationError("--rounds \(rounds): expected at least 1") }
        guard attack.isEmpty || !isWatched else {
            throw ValidationError("--attack goes without --viewers and --queries")
        }
    }

    private var isWatched: Bool { viewers + queries > 0 }

    func run() throws {
        let lines = isWatched ? try runWatched() : try runAttacked()
        try BenchmarkHistory.append(lines, of: "load", to: history)
    }

    private func runAttacked() throws -> [LoadFigures] {
        let attacks = attack.contains("all") ? Attack.allCases : attack.compactMap(Attack.init)
        let listens = attacks.isEmpty ? [] : ["--listens"]
        var lines = [try measure(listens)]
        for attack in attacks { lines.append(try measure(["--attack", attack.rawValue] + listens)) }
        // The machine may have been slower, or faster, at first.
        if !attacks.isEmpty { lines.append(try measure(listens)) }
        let undisturbed = lines.filter { $0.attack == nil }.map(\.unitsPerSecond).max() ?? 0
        var table = Table([
            .init("attack"), .init("units/s", .trailing), .init("share", .trailing), .init("memory", .trailing),
            .init("status, median", .trailing), .init("longest", .trailing), .init("end", .trailing),
        ])
        for line in lines {
            table.add([
                line.attack ?? "none", Quantities.count(Int(line.unitsPerSecond)),
                "\(Int(100 * line.unitsPerSecond / undisturbed)) %", Quantities.bytes(line.memoryBytes),
                Self.milliseconds(line.statusMilliseconds), Self.milliseconds(line.longestStatusMilliseconds),
                "\(Quantities.fixed(line.endingSeconds, digits: 1)) s",
            ])
        }
        Terminal.output.writeLine(table.text)
        return lines
    }

    /// By turns with nobody and with those who watch, the first of a round the second of the next.
    private func runWatched() throws -> [LoadFigures] {
        var (alone, watched): ([LoadFigures], [LoadFigures]) = ([], [])
        func measureAlone() throws { alone.append(try measure(["--viewers", "0", "--queries", "0"])) }
        func measureWatched() throws {
            watched.append(try measure(["--viewers", "\(viewers)", "--queries", "\(queries)"]))
        }
        for round in 0..<rounds {
            if round % 2 == 1 { try measureWatched() }
            try measureAlone()
            if round % 2 == 0 { try measureWatched() }
        }
        var table = Table([
            .init("watched by"), .init("units/s", .trailing), .init("from", .trailing), .init("to", .trailing),
            .init("share", .trailing), .init("coordinator's processor", .trailing),
            .init("watchers'", .trailing),
            .init("memory", .trailing), .init("status, median", .trailing), .init("longest", .trailing),
        ])
        let usual = Self.median(alone.map(\.unitsPerSecond)) ?? 0
        for (name, lines) in [("nobody", alone), ("\(viewers) viewers, \(queries) queries/s", watched)] {
            let speeds = lines.map(\.unitsPerSecond)
            let median = Self.median(speeds) ?? 0
            table.add([
                name, Quantities.count(Int(median)), Quantities.count(Int(speeds.min() ?? 0)),
                Quantities.count(Int(speeds.max() ?? 0)),
                "\(Quantities.fixed(100 * median / usual, digits: 1)) %",
                "\(Quantities.fixed(1e6 * (Self.median(lines.map(\.processorSeconds)) ?? 0) / Double(units), digits: 1)) µs a unit",
                shareOfCore(lines),
                Quantities.bytes(lines.map(\.memoryBytes).max() ?? 0),
                Self.milliseconds(Self.median(lines.compactMap(\.statusMilliseconds))),
                Self.milliseconds(lines.compactMap(\.longestStatusMilliseconds).max()),
            ])
        }
        Terminal.output.writeLine(
            "\(rounds) rounds by turns; medians, with the slowest and the fastest round")
        Terminal.output.writeLine(table.text)
        let seen = watched.compactMap(\.watchers)
        Terminal.output.writeLine(
            "seen: \(Quantities.count(seen.reduce(0) { $0 + $1.events })) events, the least favoured viewer "
                + "\(seen.map(\.fewestEvents).min() ?? 0) a round, "
                + "\(Quantities.bytes(UInt64(seen.reduce(0) { $0 + $1.bytes }))); "
                + "\(seen.reduce(0) { $0 + $1.answers }) answers, \(seen.reduce(0) { $0 + $1.unanswered }) missing")
        // By turns as they were measured.
        return zip(alone, watched).flatMap { [$0, $1] }
    }

    private static func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }

    /// The watchers' processor time over the time that the units took.
    private func shareOfCore(_ lines: [LoadFigures]) -> String {
        let shares = lines.compactMap { line in
            line.watchers.map { $0.processorSeconds * line.unitsPerSecond / Double(units) }
        }
        return Self.median(shares).map { "\(Quantities.fixed(100 * $0, digits: 1)) % of a core" } ?? "–"
    }

    private static func milliseconds(_ value: Double?) -> String {
        value.map { "\(Quantities.fixed($0, digits: 1)) ms" } ?? "–"
    }

    /// Each in a process of its own, so that memory is that of one run.
    private func measure(_ more: [String]) throws -> LoadFigures {
        let cores = attack.isEmpty ? nil : Cores()
        let arguments =
            ["load-measurement", "--sessions", "\(sessions)", "--units", "\(units)"] + more
            + (cores?.elsewhere.flatMap { ["--elsewhere", String($0)] } ?? [])
        let process = try Cores.start(arguments, on: cores?.here ?? [], output: .pipe)
        let data = try process.output?.readToEnd() ?? Data()
        guard process.wait() == .exitCode(0) else {
            throw BenchmarkFailure(description: "the run \(more.joined(separator: " ")) failed")
        }
        return try JSONDecoder().decode(LoadFigures.self, from: data)
    }
}
