import ArgumentParser

/// How a command writes what it found: for a reader, or for a program.
package enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case text
    case json
}
