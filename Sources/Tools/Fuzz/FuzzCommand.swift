import ArgumentParser
import Console
import DemoAssets
import Foundation
import Fuzzing
import PlainText

@main
struct FuzzCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract: "Give every decoder of the product changed bytes, for a while, and count what became of them.",
        discussion: """
            The inputs follow from the seed: the same seed gives the same ones. When an input breaks a decoder, the \
            file that was named at the beginning says which: run it again by --only NAME --input NUMBER. To see \
            reads beyond a buffer too: swift run --sanitize=address --scratch-path .build-address fuzz
            """)

    @Option(help: ArgumentHelp("Seconds, shared among the decoders.", valueName: "s"))
    var seconds = 60.0

    @Option(help: ArgumentHelp("Inputs of each decoder, in place of a time.", valueName: "n"))
    var inputs: Int?

    @Option(help: ArgumentHelp("Seed of the changes.", valueName: "s"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("One decoder alone.", valueName: "name"))
    var only: String?

    @Option(help: ArgumentHelp("One input of it alone.", valueName: "number"))
    var input: Int?

    func validate() throws {
        guard seconds.isFinite, seconds > 0 else { throw ValidationError("--seconds: expected a number above 0") }
        if let inputs, inputs < 1 { throw ValidationError("--inputs \(inputs): expected at least 1") }
        guard input == nil || only != nil else { throw ValidationError("--input: expected --only as well") }
    }

    static func main() async {
        await Program.run(FuzzCommand.self, arguments: Array(CommandLine.arguments.dropFirst()))
    }

    func run() async throws {
        let models = [DemoAssets.modelA, DemoAssets.modelB].map { URL(fileURLWithPath: $0) }
        let every = try FuzzedDecoder.all(models: models, tokenizers: FuzzCommand.fixtures)
        let decoders = every.filter { only == nil || $0.name == only }
        guard !decoders.isEmpty else {
            throw UsageError("--only \(only ?? ""): expected one of \(every.map(\.name).joined(separator: ", "))")
        }
        if let input {
            _ = decoders[0].run(input..<input + 1, seed: seed)
            return
        }
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(getpid()).input").path
        let progress = open(place, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        Terminal.error.writeLine("seed \(seed); the input at work is named in \(place)")
        var table = Table([
            .init("decoder"), .init("inputs", .trailing), .init("read", .trailing), .init("slowest", .trailing),
        ])
        var total = 0
        var bad: [String] = []
        for decoder in decoders {
            let tally = run(decoder, for: seconds / Double(decoders.count)) { number in
                let line = Array("\(decoder.name) \(number)          \n".utf8)
                _ = pwrite(progress, line, line.count, 0)
            }
            total += tally.inputs
            bad += tally.badErrors
            table.add([
                decoder.name, Quantities.count(tally.inputs), Quantities.count(tally.read),
                Quantities.duration(seconds: tally.slowestSeconds) + " (\(tally.slowestInput))",
            ])
        }
        close(progress)
        unlink(place)
        Terminal.output.writeLine(table.text)
        Terminal.output.writeLine("\(Quantities.count(total)) inputs")
        guard bad.isEmpty else { throw BadErrors(description: "errors of more than a line: \(bad.prefix(5))") }
    }

    /// Runs until the time is over, or all inputs wanted are done, in batches.
    private func run(_ decoder: FuzzedDecoder, for seconds: Double, before: (Int) -> Void) -> FuzzedDecoder.Tally {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var sum = FuzzedDecoder.Tally()
        while inputs.map({ sum.inputs < $0 }) ?? (ContinuousClock.now < deadline) {
            let end = min(sum.inputs + 100, inputs ?? .max)
            sum.add(decoder.run(sum.inputs..<end, seed: seed, before: before))
        }
        return sum
    }

    /// The tokenizers of the tests, where the program runs in a checkout.
    private static var fixtures: [URL] {
        let folder = URL(fileURLWithPath: "Tests/Fixtures/Tokenizers")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { folder.appendingPathComponent("\($0)/tokenizer.json") }
    }
}

private struct BadErrors: Error, CustomStringConvertible {
    let description: String
}
