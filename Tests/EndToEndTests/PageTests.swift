import Foundation
import TestSupport
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The live page of a real run: in a real browser, and as those see it who ask for what there is not.
@Suite(.serialized, .blocking)
struct PageTests {
    private let scratch: TemporaryFolder

    init() throws { scratch = try TemporaryFolder() }

    private func start(_ page: [String] = ["--page", "127.0.0.1:0"], more: [String] = []) throws -> ProgramProcess {
        try ProgramProcess(
            "coordinator",
            DemoRun.arguments(
                output: scratch.file("run"), ["--workers", "0", "--listen", "tcp://127.0.0.1:*"] + page + more),
            in: scratch)
    }

    private func worker(_ coordinator: ProgramProcess) throws -> ProgramProcess {
        _ = wait(60) { (try? coordinator.publicEndpoint()) != nil }
        return try ProgramProcess(
            "worker", ["--connect", try coordinator.publicEndpoint().text, "--threads", "1"], in: scratch)
    }

    private func end(_ coordinator: ProgramProcess) throws {
        coordinator.send(SIGTERM)
        let ending = try coordinator.end()
        #expect(ending.code == 130, "\(ending.errors.suffix(3_000))")
    }

    private struct Answer {
        var code: Int
        var text: String
        var headers: [String: String]
    }

    private func get(
        _ url: URL, _ path: String, headers: [String: String] = [:], method: String = "GET"
    ) throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: url.absoluteString + path)))
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        request.timeoutInterval = 10
        nonisolated(unsafe) var answer: Answer?
        let done = DispatchSemaphore(value: 0)
        let session = URLSession(configuration: .ephemeral, delegate: NoRedirects(), delegateQueue: nil)
        session.dataTask(with: request) { data, response, _ in
            if let response = response as? HTTPURLResponse {
                answer = Answer(
                    code: response.statusCode, text: String(decoding: data ?? Data(), as: UTF8.self),
                    headers: response.allHeaderFields.reduce(into: [:]) {
                        $0["\($1.key)".lowercased()] = "\($1.value)"
                    })
            }
            done.signal()
        }.resume()
        done.wait()
        session.finishTasksAndInvalidate()
        return try #require(answer, "no answer to \(method) \(path)")
    }

    // MARK: In a browser

    @Test(
        .enabled(if: Chromium.path != nil, Comment(rawValue: Chromium.absence)), arguments: [400, 1280], [false, true])
    func `a run is seen as it goes: bars move, loss falls, a worker killed is shown as such`(
        width: Int, isDark: Bool
    ) throws {
        // A training that is at work for as long as it is looked at.
        let coordinator = try start(more: ["--epochs", "4000"])
        let url = try coordinator.page()
        let browser = try Chromium()
        try browser.open(url.appendingPathComponent("/"), width: width, isDark: isDark)
        func seen(_ expression: String, within seconds: Double = 60) throws -> Bool {
            try wait(seconds) { try browser.evaluate(expression) == "true" }
        }
        #expect(try seen("document.getElementById('straggler').textContent === 'no worker has come yet'"))
        let killed = try worker(coordinator)
        #expect(try seen("document.querySelectorAll('#workers tr.working').length === 1"))
        #expect(try seen("document.querySelector('#bars .done').getBoundingClientRect().width > 0"))
        #expect(try seen("document.querySelector('#curve path.curve') !== null"))
        kill(killed.processID, SIGKILL)
        #expect(try seen("document.querySelectorAll('#workers tr.lost').length === 1"))
        #expect(try seen("document.getElementById('fault').textContent.includes('not heard for')"))
        #expect(
            try browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
                == "true")
        let background = try browser.evaluate("getComputedStyle(document.body).backgroundColor")
        #expect(background == (isDark ? "rgb(21, 24, 27)" : "rgb(252, 252, 250)"))
        let picture = try browser.screenshot()
        #expect(picture.starts(with: [0x89, 0x50, 0x4e, 0x47]) && picture.count > 10_000)
        if let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"] {
            try picture.write(
                to: URL(fileURLWithPath: folder).appendingPathComponent(
                    "page-\(width)-\(isDark ? "dark" : "light").png"))
        }
        #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        try end(coordinator)
    }

    @Test(
        .enabled(if: Chromium.path != nil, Comment(rawValue: Chromium.absence)), arguments: [400, 1280], [false, true])
    func `scores are seen as they come in, of both conditions with their intervals`(width: Int, isDark: Bool) throws {
        let coordinator = try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: scratch.file("run"),
                ["--workers", "0", "--listen", "tcp://127.0.0.1:*", "--page", "127.0.0.1:0", "--limit", "320"]),
            in: scratch)
        let browser = try Chromium()
        try browser.open(try coordinator.page().appendingPathComponent("/"), width: width, isDark: isDark)
        let worker = try worker(coordinator)
        func seen(_ expression: String) throws -> Bool {
            try wait(60) { try browser.evaluate(expression) == "true" }
        }
        #expect(try seen("document.querySelectorAll('#course path.curve').length === 2"))
        #expect(try seen("document.querySelectorAll('#course path.band').length === 2"))
        #expect(try seen("/squad, \\d+ of 320 items: CAG /.test(document.getElementById('score').textContent)"))
        #expect(try seen("/squad: \\S+ by items.*injected/.test(document.getElementById('course').textContent)"))
        // Some more of it, for who looks at the picture.
        #expect(try seen("parseInt(/squad, (\\d+)/.exec(document.getElementById('score').textContent)[1]) > 12"))
        #expect(
            try browser.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
                == "true")
        if let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"] {
            try browser.screenshot().write(
                to: URL(fileURLWithPath: folder).appendingPathComponent(
                    "scores-\(width)-\(isDark ? "dark" : "light").png"))
        }
        #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        try end(coordinator)
        _ = try worker.end()
    }

    @Test(.enabled(if: Chromium.path != nil, Comment(rawValue: Chromium.absence)))
    func `the page outlives a coordinator that is started again, and ends as the report`() throws {
        var coordinator = try start()
        let url = try coordinator.page()
        let browser = try Chromium()
        try browser.open(url.appendingPathComponent("/"), width: 1280, isDark: false)
        func seen(_ expression: String, within seconds: Double = 60) throws -> Bool {
            try wait(seconds) { try browser.evaluate(expression) == "true" }
        }
        #expect(try seen("document.querySelectorAll('#bars .stage').length === 5"))
        kill(coordinator.processID, SIGKILL)
        _ = try coordinator.end()
        #expect(try seen("!document.getElementById('contact').hidden"))
        coordinator = try start(["--page", "127.0.0.1:\(try #require(url.port))"])
        let worker = try worker(coordinator)
        #expect(try seen("document.getElementById('contact').hidden"))
        #expect(try seen("location.pathname === '/report'", within: 240))
        #expect(try coordinator.end().code == 0)
        #expect(try worker.end().code == 0)
        #expect(try seen("document.querySelectorAll('h2').length > 3"))
        // The coordinator that is gone is the one thing that a browser complains of.
        let others = browser.complaints.filter { !$0.contains("ERR_") }
        #expect(others.isEmpty, "\(others)")
    }

    // MARK: By hand

    @Test func `what there is not is not found, and no file is ever served`() throws {
        let coordinator = try start()
        let url = try coordinator.page()
        let page = try get(url, "/")
        #expect(page.code == 200 && page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
        for path in [
            "/report", "/run.json", "/../run.json", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/events/", "/x?y=/",
        ] {
            #expect(try get(url, path).code == 404, "\(path)")
        }
        #expect(try get(url, "/", method: "POST").code == 405)
        #expect(try get(url, "/healthz").text == "ok\n")
        #expect(try wait(10) { try get(url, "/readyz").code == 200 })
        #expect(try get(url, "/", headers: ["Host": "elsewhere.example"]).code == 403)
        let metrics = try get(url, "/metrics")
        #expect(metrics.headers["content-type"]?.hasPrefix("application/openmetrics-text; version=1.0.0") == true)
        #expect(metrics.text.hasSuffix("# EOF\n"))
        // Lines and headers without end are refused, and neither kept nor waited for.
        let endpoint = "tcp://127.0.0.1:\(try #require(url.port))"
        for text in [
            "GET /" + String(repeating: "x", count: 1 << 17),
            "GET / HTTP/1.1\r\nX: " + String(repeating: "y", count: 1 << 17),
        ] {
            let connection = try PlainConnection(endpoint)
            connection.send(Array(text.utf8))
            #expect(connection.isHungUpOn(within: 10))
        }
        #expect(try get(url, "/healthz").code == 200)
        try end(coordinator)
    }

    @Test func `elsewhere it wants a token, which is one of its reader's alone`() throws {
        let file = scratch.file("token")
        try Data("0123456789abcdef\n".utf8).write(to: file)
        func refused(_ arguments: [String], _ why: String) throws {
            let ending = try start(["--page", "0.0.0.0:0"] + arguments).end()
            #expect(ending.code == 2 && ending.errors.contains(why), "\(ending.errors)")
        }
        try refused([], "without a token anybody could read it there")
        chmod(file.path, 0o644)
        try refused(["--page-token", file.path], "others can read it (mode 644); chmod 600 it")
        chmod(file.path, 0o600)
        let coordinator = try start(["--page", "0.0.0.0:0", "--page-token", file.path])
        var place = try #require(URLComponents(url: try coordinator.page(), resolvingAgainstBaseURL: false))
        place.host = "127.0.0.1"
        let url = try #require(place.url)
        #expect(try get(url, "/").code == 401)
        #expect(try get(url, "/metrics", headers: ["Authorization": "Bearer 0123456789abcdeg"]).code == 401)
        #expect(try get(url, "/metrics", headers: ["Authorization": "Bearer 0123456789abcdef"]).code == 200)
        let entry = try get(url, "/?token=0123456789abcdef")
        #expect(entry.code == 303 && entry.headers["location"] == "/")
        let cookie = try #require(entry.headers["set-cookie"])
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        #expect(try get(url, "/", headers: ["Cookie": "a=b; token=0123456789abcdef"]).code == 200)
        #expect(!coordinator.errors.contains("0123456789abcdef"))
        try end(coordinator)
    }

    @Test func `a port that is taken is named; where nobody chose it, another one is`() throws {
        let first = try start()
        let port = try #require(try first.page().port)
        let second = try ProgramProcess(
            "coordinator",
            ShortRun.arguments(
                output: scratch.file("other"),
                ["--workers", "0", "--listen", "tcp://127.0.0.1:*", "--page", "127.0.0.1:\(port)"]),
            in: scratch)
        let ending = try second.end()
        #expect(ending.code == 2 && ending.errors.contains("--page http://127.0.0.1:\(port): cannot listen there"))
        try end(first)
    }
}

/// Redirects are answers here.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) { completionHandler(nil) }
}

extension ProgramProcess {
    /// Where a coordinator says that its page is.
    func page() throws -> URL {
        var url: URL?
        let found = wait(60) {
            url = errors.split(separator: "\n").first { $0.hasPrefix("page: ") }
                .flatMap { $0.split(separator: " ").last }.flatMap { URL(string: String($0)) }
            return url != nil || !isRunning
        }
        guard found, let url else { throw TimedOut(what: "the page's address; it wrote: \(errors)") }
        return url
    }
}
