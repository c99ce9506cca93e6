import Foundation
import TestSupport

/// Namespaces of the system (unshare, nsenter): what may be done in them here.
enum Namespaces {
    /// Whether a folder can be mounted in a namespace of a process's own.
    static let allowMounts = succeeds("unshare --mount mount -t tmpfs -o size=64k tmpfs /mnt")

    /// Whether a network of a process's own can have interfaces, and others can be put into it.
    static let allowNetworks = succeeds("unshare --net ip link add v0 type veth peer name v1 && nsenter --version")

    private static func succeeds(_ command: String) -> Bool {
        guard let scratch = try? TemporaryFolder(),
            let ending = try? ProgramProcess(path: "/bin/sh", ["-c", command], in: scratch).end(within: 20)
        else { return false }
        return ending.code == 0
    }
}

/// Two networks with a cable between them that can be unplugged.
///
/// Each belongs to a sleeping process and is gone with it; nothing outside them is changed.
final class TwoHosts {
    static let coordinator = "10.213.0.1"
    static let worker = "10.213.0.2"

    let first: ProgramProcess
    let second: ProgramProcess
    private let scratch: TemporaryFolder

    init(in scratch: TemporaryFolder) throws {
        self.scratch = scratch
        func host() throws -> ProgramProcess {
            try ProgramProcess(path: "/usr/bin/unshare", ["--net", "/bin/sleep", "600"], in: scratch)
        }
        first = try host()
        second = try host()
        for host in [first, second] {
            let isApart = wait(20) { Self.network(of: host.processID) != Self.network(of: getpid()) }
            guard isApart else { throw TimedOut(what: "a network of its own") }
        }
        try on(first, "ip link add cable type veth peer name cable netns \(second.processID)")
        for (host, address) in [(first, Self.coordinator), (second, Self.worker)] {
            try on(host, "ip address add \(address)/24 dev cable && ip link set lo up && ip link set cable up")
        }
    }

    deinit {
        for host in [first, second] { host.send(SIGKILL) }
    }

    /// Plugs the cable in or out.
    func set(_ state: String) throws {
        try on(first, "ip link set cable \(state)")
    }

    /// Starts one of the programs on a host.
    func start(
        _ program: String, _ arguments: [String], on host: ProgramProcess, in scratch: TemporaryFolder
    ) throws -> ProgramProcess {
        let program = ProgramProcess.folder.appendingPathComponent(program).path
        return try ProgramProcess(
            path: "/usr/bin/nsenter", ["--net=/proc/\(host.processID)/ns/net", program] + arguments, in: scratch)
    }

    private func on(_ host: ProgramProcess, _ command: String) throws {
        let ending = try ProgramProcess(
            path: "/usr/bin/nsenter", ["--net=/proc/\(host.processID)/ns/net", "/bin/sh", "-c", command], in: scratch
        ).end(within: 20)
        guard ending.code == 0 else { throw TimedOut(what: "\(command): \(ending.errors)") }
    }

    private static func network(of process: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net")
    }
}
