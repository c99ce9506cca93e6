package import Foundation
import Processes

/// A browser without a window, spoken to by its DevTools protocol over two pipes: JSON messages that a zero byte ends.
package final class Chromium {
    private let process: ChildProcess
    private let scratch: TemporaryFolder
    private let (toBrowser, fromBrowser): (FileHandle, FileHandle)
    private var received = Data()
    private var nextID = 1
    private var session = ""
    /// What the page has said, or failed at, since it was opened.
    package private(set) var complaints: [String] = []

    /// Where Debian has it, or any other place of the path.
    package static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return folders.flatMap { folder in ["chromium", "chromium-browser"].map { "\(folder)/\($0)" } }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    package static let absence = "no chromium on the path (Debian: apt-get install chromium)"

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package init() throws {
        scratch = try TemporaryFolder()
        guard let path = Self.path else { throw Failure(description: Self.absence) }
        let (input, output) = (scratch.file("in"), scratch.file("out"))
        for pipe in [input, output] where mkfifo(pipe.path, 0o600) != 0 {
            throw Failure(description: "mkfifo \(pipe.path): \(String(cString: strerror(errno)))")
        }
        // The browser reads the protocol from descriptor 3 and writes it to 4.
        process = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"),
            [
                "-c", "exec \"$0\" \"$@\" 3<'\(input.path)' 4>'\(output.path)'", path, "--headless=new",
                "--no-sandbox",
                "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
                "--user-data-dir=\(scratch.file("profile").path)", "about:blank",
            ], output: .nowhere, errors: nil)
        toBrowser = try FileHandle(forWritingTo: input)
        fromBrowser = try FileHandle(forReadingFrom: output)
    }

    deinit {
        process.send(SIGKILL)
        process.wait()
    }

    /// Opens a page in a view of so many pixels.
    package func open(_ url: URL, width: Int, isDark: Bool) throws {
        let target = try send("Target.createTarget", ["url": "about:blank"], inSession: false)
        let attached = try send(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true], inSession: false)
        session = attached["sessionId"] as? String ?? ""
        complaints = []
        for domain in ["Page", "Runtime", "Log"] { try send("\(domain).enable") }
        try send(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600])
        try send(
            "Emulation.setEmulatedMedia",
            ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
        try send("Page.navigate", ["url": url.absoluteString])
        for _ in 0..<200 where try evaluate("document.readyState + location.href") != "complete" + url.absoluteString {
            usleep(50_000)
        }
    }

    /// The value of an expression in the page, as text; of the next page, where this one goes away meanwhile.
    @discardableResult
    package func evaluate(_ expression: String) throws -> String {
        let question: [String: Any] = ["expression": "String(\(expression))", "returnByValue": true]
        let found: [String: Any]
        do {
            found = try send("Runtime.evaluate", question)
        } catch let failure as Failure where failure.description.contains("navigated or closed") {
            found = try send("Runtime.evaluate", question)
        }
        if let exception = found["exceptionDetails"] as? [String: Any] {
            throw Failure(description: "\(expression): \(exception)")
        }
        return (found["result"] as? [String: Any])?["value"] as? String ?? ""
    }

    /// Presses and releases the mouse in the middle of the first element that a selector finds.
    package func click(_ selector: String) throws {
        let box = try evaluate(
            """
            (() => { const element = document.querySelector("\(selector)"); element.scrollIntoView({block: "center"});
            const box = element.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()
            """
        ).split(separator: ",").compactMap { Double($0) }
        guard box.count == 2 else { throw Failure(description: "\(selector) has no place") }
        for type in ["mousePressed", "mouseReleased"] {
            try send(
                "Input.dispatchMouseEvent",
                ["type": type, "x": box[0], "y": box[1], "button": "left", "clickCount": 1])
        }
    }

    /// A picture of what is in view, PNG.
    package func screenshot() throws -> Data {
        let found = try send("Page.captureScreenshot", ["format": "png"])
        return Data(base64Encoded: found["data"] as? String ?? "") ?? Data()
    }

    // MARK: Protocol

    @discardableResult
    private func send(
        _ method: String, _ parameters: [String: Any] = [:], inSession: Bool = true
    ) throws -> [String: Any] {
        let id = nextID
        nextID += 1
        var message: [String: Any] = ["id": id, "method": method, "params": parameters]
        if inSession { message["sessionId"] = session }
        try toBrowser.write(contentsOf: JSONSerialization.data(withJSONObject: message) + Data([0]))
        while true {
            let answer = try receive()
            guard answer["id"] as? Int == id else {
                take(answer)
                continue
            }
            if let error = answer["error"] { throw Failure(description: "\(method): \(error)") }
            return answer["result"] as? [String: Any] ?? [:]
        }
    }

    private func receive() throws -> [String: Any] {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = received[received.startIndex..<end]
                received = Data(received[(end + 1)...])
                return try JSONSerialization.jsonObject(with: message) as? [String: Any] ?? [:]
            }
            let more = fromBrowser.availableData
            guard !more.isEmpty else { throw Failure(description: "the browser has ended") }
            received += more
        }
    }

    private func take(_ event: [String: Any]) {
        let method = event["method"] as? String ?? ""
        guard ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"].contains(method) else { return }
        complaints.append("\(method): \(event["params"] ?? "")")
    }
}
