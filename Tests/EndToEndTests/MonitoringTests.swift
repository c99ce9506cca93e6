import Foundation
import TestSupport
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What monitoring sees of a run: by the real Prometheus, with the files of `deploy/monitoring`.
@Suite(
    .serialized, .blocking,
    .enabled(if: SystemProgram.prometheus != nil, "no prometheus (Debian: apt-get install prometheus)"))
struct MonitoringTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private static func file(_ name: String) throws -> String {
        try String(
            contentsOf: Repository.root.appendingPathComponent("deploy/monitoring/\(name)"), encoding: .utf8)
    }

    /// The metrics' names that a text has.
    private static func names(in text: String) -> Set<String> {
        Set(text.matches(of: #/activation_[a-z_]+/#).map { String($0.output) })
    }

    private func query(_ expression: String, at port: Int) throws -> [[String: Any]] {
        var address = try #require(URLComponents(string: "http://127.0.0.1:\(port)/api/v1/query"))
        address.queryItems = [URLQueryItem(name: "query", value: expression)]
        // To a form's reader a plus sign is a space.
        address.percentEncodedQuery = address.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        guard let data = try? Data(contentsOf: try #require(address.url)),
            let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            let found = (answer["data"] as? [String: Any])?["result"] as? [[String: Any]]
        else { return [] }
        return found
    }

    @Test func `Prometheus scrapes a run, and every query of the dashboard finds something`() throws {
        let coordinator = try ProgramProcess(
            "coordinator",
            DemoRun.arguments(
                output: scratch.file("run"),
                ["--workers", "0", "--listen", "tcp://127.0.0.1:*", "--page", "127.0.0.1:0"]), in: scratch)
        let target = try #require(try coordinator.page().port)
        let configuration = try Self.file("prometheus.yml")
            .replacingOccurrences(of: "127.0.0.1:5757", with: "127.0.0.1:\(target)")
            .replacingOccurrences(of: "scrape_interval: 5s", with: "scrape_interval: 200ms")
        try Data(configuration.utf8).write(to: scratch.file("prometheus.yml"))
        let port = try FreePort.find()
        let server = try ProgramProcess(
            path: try #require(SystemProgram.prometheus),
            [
                "--config.file", scratch.file("prometheus.yml").path, "--storage.tsdb.path",
                scratch.file("data").path, "--web.listen-address", "127.0.0.1:\(port)",
            ], in: scratch)
        defer { server.send(SIGKILL) }
        #expect(try wait(60) { try !query("up == 1", at: port).isEmpty }, "\(server.errors.suffix(2000))")
        // Only now: it takes Prometheus some seconds to begin, and the run no longer than that.
        let worker = try ProgramProcess(
            "worker", ["--connect", try coordinator.publicEndpoint().text, "--threads", "1"], in: scratch)
        let dashboard = try JSONSerialization.jsonObject(with: Data(try Self.file("dashboard.json").utf8))
        let panels = (dashboard as? [String: Any])?["panels"] as? [[String: Any]] ?? []
        let queries = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }.compactMap { $0["expr"] as? String }
        #expect(queries.count > 10)
        // Some are there once the run has come so far. Memory comes with heartbeats, and a worker with units as short as
        // these has other things to say.
        var open = Set(queries).subtracting(["activation_worker_memory_bytes"])
        let all = try wait(120) {
            for query in open where try !self.query("last_over_time((\(query))[5m:1s])", at: port).isEmpty {
                open.remove(query)
            }
            return open.isEmpty
        }
        #expect(all && open.isEmpty, "nothing found by \(open)")
        coordinator.send(SIGTERM)
        _ = try coordinator.end()
        _ = try worker.end()
    }
}

/// A port that nobody listens at.
private enum FreePort {
    static func find() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard found else { throw TimedOut(what: "a free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
