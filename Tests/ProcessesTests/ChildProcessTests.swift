import Foundation
import Processes
import TestSupport
import Testing

struct ChildProcessTests {
    private let shell = URL(fileURLWithPath: "/bin/sh")

    private func run(
        _ script: String, _ arguments: [String] = [], environment: [String: String]? = nil
    ) throws -> (output: String, ending: ChildProcess.Ending) {
        let process = try ChildProcess(
            shell, ["-c", script] + arguments, environment: environment, output: .pipe, errors: nil)
        let data = try process.output?.readToEnd() ?? Data()
        return (String(decoding: data, as: UTF8.self), process.wait())
    }

    @Test func `arguments and the environment arrive as they are`() throws {
        let environment = ["NAME": "a \"b\"\n=c", "PATH": "/usr/bin:/bin"]
        let (output, ending) = try run(
            "printf '%s|' \"$@\"; env", ["sh", "", "a b", "*"], environment: environment)
        #expect(output.hasPrefix("|a b|*|"))
        #expect(output.contains("NAME=a \"b\"\n=c\n"))
        #expect(!output.contains("HOME="))
        #expect(ending == .exitCode(0))
    }

    @Test func `how it ended is told: by an exit code or by a signal`() throws {
        #expect(try run("exit 3").ending == .exitCode(3))
        #expect(try run("kill -9 $$").ending == .signal(SIGKILL))
        #expect(ChildProcess.Ending.exitCode(3).description == "ended with exit code 3")
    }

    @Test func `output and errors go to files, input is empty`() throws {
        let scratch = try TemporaryFolder()
        let (output, errors) = (scratch.file("output"), scratch.file("errors"))
        for file in [output, errors] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        let process = try ChildProcess(
            shell, ["-c", "cat; echo out; echo err >&2"], output: .file(FileHandle(forWritingTo: output)),
            errors: FileHandle(forWritingTo: errors))
        #expect(process.wait() == .exitCode(0))
        #expect(try String(contentsOf: output, encoding: .utf8) == "out\n")
        #expect(try String(contentsOf: errors, encoding: .utf8) == "err\n")
    }

    @Test func `it has three descriptors and a process group of its own`() throws {
        let held = open("/dev/null", O_RDONLY)
        defer { close(held) }
        // The fourth is that of `ls`, which reads the folder.
        #expect(try run("ls /proc/self/fd | tr '\\n' ' '").output == "0 1 2 3 ")
        let (output, _) = try run("cut -d' ' -f5 /proc/self/stat; echo $$")
        let numbers = output.split(separator: "\n")
        #expect(numbers.first == numbers.last && numbers.first != "\(getpgrp())")
    }

    @Test func `signals that its starter handles or holds back end it all the same`() throws {
        let (before, mask) = (signal(SIGTERM, SIG_IGN), sigset_t.of(SIGTERM))
        var (held, maskBefore) = (mask, sigset_t())
        pthread_sigmask(SIG_BLOCK, &held, &maskBefore)
        let process = try ChildProcess(shell, ["-c", "exec sleep 60"], output: .nowhere, errors: nil)
        pthread_sigmask(SIG_SETMASK, &maskBefore, nil)
        signal(SIGTERM, before)
        process.send(SIGTERM)
        #expect(process.wait(atMost: 30) == .signal(SIGTERM))
    }

    @Test func `whoever waits is told in time, and what it started ends with it`() throws {
        let process = try ChildProcess(shell, ["-c", "sleep 60 & echo $!; wait"], output: .pipe, errors: nil)
        let number = try #require(process.output?.availableData).split(separator: UInt8(ascii: "\n"))[0]
        #expect(process.wait(atMost: 0.01) == nil)
        #expect(process.isRunning)
        process.sendToGroup(SIGTERM)
        #expect(process.wait(atMost: 30) == .signal(SIGTERM))
        #expect(!process.isRunning)
        let other = try #require(Int32(String(decoding: number, as: UTF8.self)))
        #expect(hasEnded(other), "\(other) goes on")
    }

    /// Whether a process is gone, or waits for somebody to take note of its end.
    private func hasEnded(_ processID: Int32) -> Bool {
        for _ in 0..<2_000 {
            let state = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
            guard let state, !state.contains(") Z ") else { return true }
            usleep(5_000)
        }
        return false
    }

    @Test func `the end is told once, with the process's number`() async throws {
        let shell = shell
        let (told, ending): (Int32, ChildProcess.Ending) = try await withCheckedThrowingContinuation { continuation in
            do {
                _ = try ChildProcess(shell, ["-c", "exit 7"], output: .nowhere, errors: nil) {
                    continuation.resume(returning: ($0, $1))
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
        #expect(told > 0)
        #expect(ending == .exitCode(7))
    }

    @Test func `a program that cannot be started is named, with the cause`() throws {
        let error = try #require(throws: ChildProcessError.self) {
            try ChildProcess(URL(fileURLWithPath: "/no/such/program"))
        }
        #expect(error.description == "cannot start /no/such/program: No such file or directory")
        let folder = try #require(throws: ChildProcessError.self) { try ChildProcess(URL(fileURLWithPath: "/usr")) }
        #expect(folder.description == "cannot start /usr: Permission denied")
    }

    /// Foundation's `Process` reads past a buffer's end then, wherever that buffer lies.
    @Test(.enabled(if: Self.canHold(3_000), "no 3,000 descriptors are allowed here"))
    func `processes start while some thousand descriptors are open`() throws {
        let descriptors = (0..<2_000).map { _ in open("/dev/null", O_RDONLY) }
        defer { for descriptor in descriptors { close(descriptor) } }
        try #require(descriptors.allSatisfy { $0 >= 0 })
        for _ in 0..<20 { #expect(try run("exit 0").ending == .exitCode(0)) }
    }
}

extension ChildProcessTests {
    /// Raises this process's limit.
    fileprivate static func canHold(_ count: rlim_t) -> Bool {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, count))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return limit.rlim_cur >= count
    }
}

extension sigset_t {
    fileprivate static func of(_ signal: Int32) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, signal)
        return set
    }
}
