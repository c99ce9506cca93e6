import ArgumentParser
import Console
import CoordinatorHost
import Foundation
import Locking
import PlainText
import Simulation

/// Simulates many runs under faults and prints the seeds of those that broke a promise.
@main
struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulates runs under faults; prints the seeds of those that break an invariant.",
        discussion: """
            Each schedule is a whole run: coordinator and workers over a network, processes and a disk that \
            misbehave as the seed says. Example: simulate --schedules 100000 --seed 1. A failing seed is replayed \
            by: simulate --schedules 1 --seed SEED --trace
            """)

    @Option(help: ArgumentHelp("Runs to simulate, of consecutive seeds.", valueName: "n"))
    var schedules = 10_000

    @Option(help: ArgumentHelp("The first seed.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Workers of each run (default: as the seed says, mostly few).", valueName: "n"))
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            """
            Instead, run the decisions of a coordinator again that this file records ('coordinator run \
            --record-events'), and say at which event they first differ.
            """, valueName: "file"))
    var replay: String?

    @Flag(help: "Print every event.")
    var trace = false

    func validate() throws {
        guard schedules > 0 else { throw ValidationError("--schedules \(schedules): expected at least 1") }
        guard seed <= UInt64.max - UInt64(schedules) else { throw ValidationError("--seed \(seed): too large") }
        if let workers, !(1...4096).contains(workers) {
            throw ValidationError("--workers \(workers): expected 1 to 4096")
        }
    }

    static func main() async {
        await Program.run(SimulateCommand.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }

    func run() throws {
        if let replay { return try runAgain(URL(fileURLWithPath: replay)) }
        let began = ContinuousClock.now
        let tally = Tally()
        let (seed, workers, trace) = (seed, workers, trace)
        let parts = trace ? 1 : min(schedules, 4 * ProcessInfo.processInfo.activeProcessorCount)
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            for offset in stride(from: part, to: schedules, by: parts) {
                let seed = seed + UInt64(offset)
                let simulation = Simulation(.of(seed: seed, workers: workers), faults: .mixed(seed: seed), seed: seed)
                if trace { simulation.trace = { time, what in print("\(time) \(what)") } }
                let violation = simulation.run()
                tally.add(events: simulation.eventCount)
                if let violation {
                    tally.fail()
                    Terminal.output.writeLine("seed \(seed): \(violation)")
                    if trace { Terminal.output.writeLine("\(simulation.faults)") }
                }
            }
        }
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        let (events, failures) = tally.counts
        Terminal.output.writeLine(
            "\(schedules) schedules, \(events) events, \(failures) failures, \(Quantities.duration(seconds: seconds))")
        if failures > 0 { throw ExitCode(Program.failure) }
    }
}

extension SimulateCommand {
    private func runAgain(_ file: URL) throws {
        let replay = try EventReplay(file)
        if let remark = replay.remark { Terminal.output.writeLine("note: \(remark)") }
        if let difference = replay.difference {
            Terminal.output.writeLine("\(difference)")
            throw ExitCode(Program.failure)
        }
        Terminal.output.writeLine("\(replay.eventCount) events, each with the same effects")
    }
}

/// Counts, from whichever thread.
private final class Tally: @unchecked Sendable {
    private let lock = Lock()
    private var events = 0
    private var failures = 0

    func add(events: Int) { lock.withLock { self.events += events } }
    func fail() { lock.withLock { failures += 1 } }
    var counts: (events: Int, failures: Int) { lock.withLock { (events, failures) } }
}
