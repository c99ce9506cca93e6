/// Text for a shell's command line.
package enum ShellText {
    /// The argument as a shell takes it: in single quotes where it is not plain.
    package static func quoted(_ argument: String) -> String {
        let isPlain = argument.allSatisfy { $0.isLetter || $0.isNumber || "-_./:=,@%+".contains($0) }
        if isPlain, !argument.isEmpty { return argument }
        let parts = argument.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.joined(separator: "'\\''") + "'"
    }
}
