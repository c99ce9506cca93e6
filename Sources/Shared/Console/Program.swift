package import ArgumentParser
import Foundation

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
            throw UsageError("\(error)")
        }
    }

    /// The same for what has to be awaited.
    package static func awaiting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch {
            throw UsageError("\(error)")
        }
    }
}

/// What both programs have in common: how they end.
package enum Program {
    /// Work failed.
    package static let failure: Int32 = 1
    /// The arguments cannot be used; nothing was done.
    package static let unusableArguments: Int32 = 2
    /// Ended by Ctrl-C or SIGTERM, as shells count it.
    package static let interrupted: Int32 = 130

    /// Parses the arguments and runs the command: exit code 0 when it is done, 1 when it failed, 2 when the
    /// arguments are unusable.
    package static func run<Root: ParsableCommand>(_ root: Root.Type, arguments: [String]) async -> Never {
        StandardStreams.prepare()
        do {
            var command = try root.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            end(0)
        } catch let error as UsageError {
            Terminal.error.report(error)
            end(unusableArguments)
        } catch {
            let code = root.exitCode(for: error)
            if code == .success {
                Terminal.output.writeLine(root.fullMessage(for: error))
                end(0)
            }
            if let exitCode = error as? ExitCode { end(exitCode.rawValue) }
            if code == .validationFailure {
                Terminal.error.writeLine(root.fullMessage(for: error))
                end(unusableArguments)
            }
            Terminal.error.report(error)
            end(failure)
        }
    }

    /// Ends the process at once: other threads may be at work (taking digests of weights, say) with what libraries would
    /// take down on the way out.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}

/// Calls back when the user or the system asks the process to end.
package final class TerminationSignals: @unchecked Sendable {  // `sources` never changes
    private let sources: [any DispatchSourceSignal]

    /// - Parameter handler: called with the signal's number, on some thread, every time.
    package init(_ signals: [Int32] = [SIGINT, SIGTERM], _ handler: @escaping @Sendable (Int32) -> Void) {
        sources = signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { handler(number) }
            source.resume()
            return source
        }
    }
}
