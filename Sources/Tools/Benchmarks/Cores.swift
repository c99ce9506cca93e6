import Console
import Foundation
import Processes

/// Who computes where in a benchmark of attacks: people elsewhere have processors of their own, so the last core of this
/// machine is theirs, and a coordinator with its workers has the others, whether anybody attacks it or not. Where there
/// is one core, all share it.
struct Cores {
    private let allowed: [Int]

    /// Those that this process may use.
    init() {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let list = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        allowed = (list?.split { ",: \t".contains($0) }.dropFirst() ?? []).flatMap { range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return ends.isEmpty ? [] : Array(ends[0]...max(ends[0], ends[ends.count - 1]))
        }
    }

    var here: [Int] { allowed.count > 1 ? allowed.dropLast() : [] }
    var elsewhere: [Int] { allowed.count > 1 ? [allowed[allowed.count - 1]] : [] }

    /// This program again, on some cores; on all that this process has where none are named.
    static func start(
        _ arguments: [String], on cores: [Int], output: ChildProcess.Destination = .file(.standardOutput)
    ) throws -> ChildProcess {
        guard !cores.isEmpty else { return try ChildProcess(Program.file, arguments, output: output) }
        return try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/taskset"),
            ["--cpu-list", cores.map(String.init).joined(separator: ","), Program.file.path] + arguments,
            output: output)
    }
}
