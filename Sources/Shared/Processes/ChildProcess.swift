import CSpawn
package import Foundation
import Locking

/// A program that runs as a process of its own, in a process group of its own: Ctrl-C at the terminal reaches whoever
/// started it, and it does not. It reads nothing, and inherits no descriptor but its output's and its errors'.
///
/// Not Foundation's `Process`, which reads beyond a buffer's end, and may die of that, where whoever starts a process has
/// some 1,300 descriptors open: a coordinator has one for each connection.
package final class ChildProcess: @unchecked Sendable {
    package enum Ending: Hashable, Sendable, CustomStringConvertible {
        case exitCode(Int32)
        /// It was killed, or crashed.
        case signal(Int32)

        package var description: String {
            switch self {
            case .exitCode(let code): "ended with exit code \(code)"
            case .signal(let signal): "was killed by signal \(signal)"
            }
        }
    }

    /// Where what it writes goes.
    package enum Destination {
        case nowhere
        case file(FileHandle)
        /// To whoever asks for ``ChildProcess/output``.
        case pipe
    }

    package let processID: Int32
    /// What it writes to standard output, where that is a pipe.
    package let output: FileHandle?
    private let lock = Lock()
    private let hasEnded = DispatchGroup()
    private var found: Ending?

    /// - Parameters:
    ///   - environment: nil: that of this process.
    ///   - onEnding: called once, on some thread, when the process has ended.
    /// - Throws: ``ChildProcessError``.
    package init(
        _ program: URL, _ arguments: [String] = [], environment: [String: String]? = nil,
        output: Destination = .file(.standardOutput), errors: FileHandle? = .standardError,
        onEnding: @escaping @Sendable (_ processID: Int32, Ending) -> Void = { _, _ in }
    ) throws {
        let read: FileHandle?
        let written: FileHandle?
        switch output {
        case .nowhere: (read, written) = (nil, nil)
        case .file(let file): (read, written) = (nil, file)
        case .pipe: (read, written) = try Self.pipe(for: program)
        }
        processID = try Self.spawn(
            program, arguments, environment: environment ?? ProcessInfo.processInfo.environment,
            descriptors: [nil, written?.fileDescriptor, errors?.fileDescriptor])
        if read != nil { try written?.close() }
        self.output = read
        hasEnded.enter()
        Thread { [self] in
            let ending = reap()
            hasEnded.leave()
            onEnding(processID, ending)
        }.start()
    }

    package var isRunning: Bool { lock.withLock { found == nil } }

    /// Sends a signal, unless the process has ended: another one may have its number by then.
    package func send(_ signal: Int32) {
        lock.withLock { if found == nil { kill(processID, signal) } }
    }

    /// Sends a signal to all that the process has started, too, unless it has ended.
    package func sendToGroup(_ signal: Int32) {
        lock.withLock { if found == nil { kill(-processID, signal) } }
    }

    /// Waits for the end.
    @discardableResult
    package func wait() -> Ending {
        hasEnded.wait()
        guard let ending else { preconditionFailure("a process has ended, and how is not known") }
        return ending
    }

    /// Waits for the end, at most so many seconds.
    /// - Returns: nil where the process goes on.
    package func wait(atMost seconds: Double) -> Ending? {
        hasEnded.wait(timeout: .now() + seconds) == .success ? ending : nil
    }

    private var ending: Ending? { lock.withLock { found } }

    /// Waits for the end. The process's number is given back under the lock, so that no signal reaches another one's.
    private func reap() -> Ending {
        var information = siginfo_t()
        while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return lock.withLock {
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            // As <sys/wait.h> defines them: a signal in the low 7 bits, else an exit code in the byte above.
            let ending: Ending = status & 0x7f == 0 ? .exitCode((status >> 8) & 0xff) : .signal(status & 0x7f)
            found = ending
            return ending
        }
    }

    // MARK: Starting

    private static func pipe(for program: URL) throws -> (read: FileHandle, written: FileHandle) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw ChildProcessError(program: program.path, code: errno) }
        return (
            FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
            FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        )
    }

    /// - Parameter descriptors: what become descriptors 0, 1 and 2; nil is nothing to read, and nowhere to write.
    private static func spawn(
        _ program: URL, _ arguments: [String], environment: [String: String], descriptors: [Int32?]
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in descriptors.enumerated() {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
            } else {
                posix_spawn_file_actions_addopen(
                    &actions, Int32(target), "/dev/null", target == 0 ? O_RDONLY : O_WRONLY, 0)
            }
        }
        spawn_close_from(&actions, Int32(descriptors.count))

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A program that handles signals ignores them elsewhere, which who is started would inherit. SIGHUP stays as it
        // is: `nohup` is meant for all of a run.
        var (none, handled) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigemptyset(&handled)
        for signal in [SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGCHLD] { sigaddset(&handled, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &handled)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // Where whoever started this program ignores it, nobody is told how a process ended: it would pass for a success.
        signal(SIGCHLD, SIG_DFL)
        var texts = ([program.path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in texts + variables { free(text) } }
        var processID: pid_t = 0
        let code = posix_spawn(&processID, program.path, &actions, &attributes, &texts, &variables)
        guard code == 0 else { throw ChildProcessError(program: program.path, code: code) }
        return processID
    }
}

/// A program that cannot be started.
package struct ChildProcessError: Error, CustomStringConvertible {
    package let program: String
    /// As errno has it.
    package let code: Int32

    package var description: String { "cannot start \(program): \(String(cString: strerror(code)))" }
}
