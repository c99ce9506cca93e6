package import ArgumentParser
package import Foundation
import PlainText

/// An error of the arguments, or of what they name: found before any work.
package struct UsageError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// Runs what checks arguments and what they name; an error there is one of usage.
    package static func checking<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw UsageError(SystemFailure.text(of: error))
        }
    }

    /// The same for what has to be awaited.
    package static func awaiting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw UsageError(SystemFailure.text(of: error))
        }
    }
}

/// What both programs have in common: where they lie, and how they end.
package enum Program {
    /// The file of the program that runs: what belongs to it lies beside it.
    package static let file = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()

    /// Work failed.
    package static let failure: Int32 = 1
    /// The arguments cannot be used; nothing was done.
    package static let unusableArguments: Int32 = 2
    /// Ended by Ctrl-C or SIGTERM, as shells count it.
    package static let interrupted: Int32 = 130

    /// Parses the arguments and runs the command: exit code 0 when it is done, 1 when it failed, 2 when the
    /// arguments are unusable.
    /// - Parameter places: where options stand that were not given on the command line, by their names with dashes.
    package static func run<Root: ParsableCommand>(
        _ root: Root.Type, arguments: [String], places: [String: String] = [:]
    ) async -> Never {
        StandardStreams.prepare()
        // Ctrl-\ ends the program at once: the language's runtime would look at every thread first, for a long time.
        signal(SIGQUIT, SIG_DFL)
        do {
            try CommandOptions(root, arguments).checkNames()
            var command = try root.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            exit(0)
        } catch let error as UsageError {
            Terminal.error.writeLine(placed(ErrorLine.text(of: error), in: places))
            end(unusableArguments)
        } catch {
            let code = root.exitCode(for: error)
            if code == .success {
                Terminal.output.writeData(fitted(root.fullMessage(for: error)) + "\n")
                exit(0)
            }
            if let exitCode = error as? ExitCode { end(exitCode.rawValue) }
            if code == .validationFailure {
                Terminal.error.writeLine(placed(refusal(root.fullMessage(for: error)), in: places))
                end(unusableArguments)
            }
            Terminal.error.report(error)
            end(failure)
        }
    }

    /// The parser's help with an option's names on several lines where one would be wider than 80 columns.
    static func fitted(_ help: String) -> String {
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [String] in
            let names = line.dropFirst(2).split(separator: ", ")
            guard line.count > 80, line.hasPrefix("  --"), names.allSatisfy({ $0.hasPrefix("--") }) else {
                return [String(line)]
            }
            return PrintableText.wrapped(String(line.dropFirst(2)), to: 78).map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    /// The parser's message in this program's spelling: `error: …`, how the command is called, and where to read on.
    static func refusal(_ message: String) -> String {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            for (word, own) in [("Error: ", "error: "), ("Usage: ", "usage: "), ("Help:  ", "help:  ")]
            where line.hasPrefix(word) {
                return own + line.dropFirst(word.count)
            }
            return line.drop { $0 == " " }.hasPrefix("See '")
                ? "see" + line.drop { $0 == " " }.dropFirst(3) : String(line)
        }
        return lines.joined(separator: "\n")
    }

    /// The message, its first line with the place of the option that it names, where that stands in a file.
    static func placed(_ message: String, in places: [String: String]) -> String {
        var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let words = lines[0].split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init)
        guard let place = words.lazy.compactMap({ places[$0] }).first else { return message }
        lines[0] += " (\(place))"
        return lines.joined(separator: "\n")
    }

    /// Ends the process at once: other threads may be at work (taking digests of weights, say) with what libraries would
    /// take down on the way out.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}

/// Calls back when the user or the system asks the process to end: by Ctrl-C, by SIGTERM, or because its terminal is
/// gone. A process that is to survive its terminal (`nohup`) has SIGHUP ignored, and that is left so.
package final class TerminationSignals: @unchecked Sendable {  // `sources` never changes
    private let sources: [any DispatchSourceSignal]

    /// - Parameter handler: called with the signal's number, on some thread, every time.
    package init(_ signals: [Int32] = [SIGINT, SIGTERM, SIGHUP], _ handler: @escaping @Sendable (Int32) -> Void) {
        sources = signals.filter { $0 != SIGHUP || !Self.isIgnored($0) }.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { handler(number) }
            source.resume()
            return source
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
