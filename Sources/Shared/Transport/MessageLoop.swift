import CZMQ
import Dispatch
import Foundation
import Locking

/// One thread that waits for sockets, timers and jobs, and runs the actor that owns them.
///
/// An actor takes the loop as its executor. Its methods, its sockets' handlers and its timers then all run on that
/// one thread, one after the other, and need no `await` among themselves:
///
///     actor Host {
///         nonisolated let loop: MessageLoop
///         nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
///         private var workers: RouterSocket?
///
///         init() throws { loop = try MessageLoop(name: "coordinator") }
///
///         func start(at endpoint: Endpoint) throws {
///             let workers = try loop.bindRouter(to: endpoint)
///             workers.onReceive { [weak self] peer, frames in self?.answer(peer, frames) }
///             workers.onEvent { event in log("workers: \(event)") }
///             self.workers = workers
///             tick()
///         }
///
///         private func answer(_ peer: Peer, _ frames: [Frame]) {
///             do { try workers?.send(frames, to: peer) } catch { log("\(error)") }
///         }
///
///         private func tick() {
///             loop.schedule(after: .seconds(1)) { [weak self] in self?.tick() }
///         }
///     }
///
///     let host = try Host()
///     try await host.start(at: Endpoint("tcp://127.0.0.1:*"))
///     …
///     await host.loop.stop()
///
/// Nothing on the loop may wait or compute for long: everything else on it would wait too. A loop that was started
/// must be stopped, or its thread lives on.
package final class MessageLoop: @unchecked Sendable {
    /// How often messages are offered again that a router's peer did not take, in nanoseconds: 2 ms.
    private static let retryInterval: Int64 = 2_000_000

    private let name: String
    private let context: Context
    private let wakeDescriptor: Int32
    private let lock = Lock()

    // Under the lock.
    private var jobs: [UnownedJob] = []
    private var isWoken = false
    private var stopRequested = false
    /// Whether the thread has left the sockets and the jobs to themselves.
    private var isFinished = false
    /// Whether nothing of libzmq's is left either.
    private var isTerminated = false
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []
    private var loopThread: pthread_t?
    private var threadToJoin: pthread_t?

    // On the loop's thread.
    private let sockets: SocketSet
    private var timers = TimerQueue()
    private var stopDeadline: Int64?

    /// Runs what is enqueued after the thread has ended, so that nobody who awaits the actor waits for ever.
    private let afterlife: DispatchQueue
    private static let afterlifeKey = DispatchSpecificKey<ObjectIdentifier>()

    /// Starts the loop's thread, called `name` (at most 15 bytes show up), and `ioThreads` threads of libzmq's that
    /// move the bytes. Throws ``TransportError``.
    package init(name: String, ioThreads: Int = 1) throws(TransportError) {
        self.name = name
        context = try Context(ioThreads: ioThreads)
        sockets = SocketSet(context: context)
        wakeDescriptor = czmq_eventfd_create()
        afterlife = DispatchQueue(label: "\(name).stopped")
        guard wakeDescriptor >= 0 else {
            throw .system(operation: "start", subject: "message loop \(name)", code: errno)
        }
        afterlife.setSpecific(key: MessageLoop.afterlifeKey, value: ObjectIdentifier(self))
        let code = start()
        guard code == 0 else { throw .system(operation: "start", subject: "message loop \(name)", code: code) }
    }

    deinit {
        if wakeDescriptor >= 0 { Glibc.close(wakeDescriptor) }
    }

    /// The monotonic clock, in nanoseconds. Its zero means nothing.
    package var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Calls `action` on the loop at `deadline`, nanoseconds of ``now``, or soon after, within about 1 ms.
    ///
    /// Timers fire in the order of their deadlines, those of one deadline in the order in which they were set. Call
    /// it on the loop.
    @discardableResult
    package func schedule(at deadline: Int64, _ action: @escaping () -> Void) -> LoopTimer {
        preconditionOnLoop()
        return timers.add(deadline: deadline, action: action)
    }

    /// Calls `action` on the loop once `delay` has passed.
    @discardableResult
    package func schedule(after delay: Duration, _ action: @escaping () -> Void) -> LoopTimer {
        let (deadline, overflow) = now.addingReportingOverflow(delay.nanoseconds)
        return schedule(at: overflow ? .max : deadline, action)
    }

    /// Makes a router socket that listens at `endpoint`. Call it on the loop.
    ///
    /// Throws ``TransportError`` where something listens there already, the address is not this host's, or this
    /// user may not. A path's file is left open to this user alone.
    package func bindRouter(
        to endpoint: Endpoint, options: SocketOptions = SocketOptions()
    ) throws(TransportError) -> RouterSocket {
        RouterSocket(try open(.router, endpoint, options), of: self)
    }

    /// Makes a dealer socket that connects to `endpoint`, now or as soon as somebody listens there. Call it on the
    /// loop.
    package func connectDealer(
        to endpoint: Endpoint, options: SocketOptions = SocketOptions()
    ) throws(TransportError) -> DealerSocket {
        DealerSocket(try open(.dealer, endpoint, options), of: self)
    }

    /// Has `decide` asked whether a client may come in, for every connection to a router of this loop that uses CURVE
    /// keys. Without it any client that knows the server's key is let in, so call it before such a router is bound,
    /// on the loop, where `decide` is called as well.
    package func decideAdmission(by decide: @escaping (AdmissionRequest) -> Bool) throws(TransportError) {
        preconditionOnLoop()
        try sockets.decideAdmission(by: decide)
    }

    /// Ends the loop: what waits is sent for as long as the sockets may linger, sockets and timers are closed, the
    /// thread ends. Returns when all of that is done; call it from anywhere, as often as you like.
    ///
    /// The actor can be used afterwards; its sockets then throw ``TransportError/closed(_:)``.
    package func stop() async {
        await withCheckedContinuation { continuation in
            let isDone = lock.withLock {
                if isTerminated { return true }
                stopWaiters.append(continuation)
                stopRequested = true
                wake()
                return false
            }
            if isDone { continuation.resume() }
        }
        join()
    }

    /// Waits for the thread's last instructions.
    private func join() {
        let thread = lock.withLock {
            defer { threadToJoin = nil }
            return threadToJoin
        }
        if let thread { pthread_join(thread, nil) }
    }
}

extension MessageLoop: SerialExecutor {
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        lock.withLock {
            if isFinished {
                runInAfterlife([job])
            } else {
                jobs.append(job)
                wake()
            }
        }
    }

    package func checkIsolated() {
        preconditionOnLoop()
    }

    package func isIsolatingCurrentContext() -> Bool? {
        isOnLoop
    }

    /// Stops the program where the caller is not on the loop: a programmer's mistake.
    func preconditionOnLoop() {
        precondition(isOnLoop, "called from outside the message loop")
    }

    private var isOnLoop: Bool {
        let onThread = lock.withLock { loopThread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
        return onThread || DispatchQueue.getSpecific(key: MessageLoop.afterlifeKey) == ObjectIdentifier(self)
    }

    /// Under the lock.
    private func wake() {
        guard !isWoken else { return }
        isWoken = true
        _ = czmq_eventfd_signal(wakeDescriptor)
    }

    private func runInAfterlife(_ jobs: [UnownedJob]) {
        guard !jobs.isEmpty else { return }
        afterlife.async { [self] in
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }
}

// The thread.
extension MessageLoop {
    /// 0, or the errno.
    private func start() -> Int32 {
        // Signals go to other threads: here they would only interrupt.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<MessageLoop>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            return code
        }
        lock.withLock { threadToJoin = thread }
        return 0
    }

    private func run() {
        _ = czmq_name_thread(name)
        lock.withLock { loopThread = pthread_self() }
        while turn() {}
        sockets.close()
        timers.removeAll()
        lock.withLock {
            isFinished = true
            loopThread = nil
            runInAfterlife(jobs)
            jobs.removeAll()
        }
        context.terminate()
        let waiters = lock.withLock {
            isTerminated = true
            defer { stopWaiters.removeAll() }
            return stopWaiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// One round of jobs, timers, sockets; false when the loop has come to its end.
    private func turn() -> Bool {
        runJobs()
        runTimers()
        sockets.tick(at: now)
        sockets.sendQueued()
        if mayEnd() { return false }
        // Once the loop is to end, nothing more is taken in.
        sockets.serve(
            wakeDescriptor: wakeDescriptor, timeout: timeout(), reading: stopDeadline == nil, now: { now },
            onWake: {
                _ = czmq_eventfd_clear(wakeDescriptor)
                lock.withLock { isWoken = false }
            })
        return true
    }

    private func runJobs() {
        let batch = lock.withLock {
            defer { jobs = [] }
            return jobs
        }
        for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    private func runTimers() {
        // A timer that sets another for the same moment is not served twice in a turn.
        let moment = now
        var due: [LoopTimer] = []
        while let timer = timers.popDue(at: moment) { due.append(timer) }
        for timer in due {
            let action = timer.action
            timer.action = nil
            action?()
        }
    }

    private func mayEnd() -> Bool {
        guard lock.withLock({ stopRequested }) else { return false }
        let deadline = stopDeadline ?? now.addingReportingOverflow(sockets.longestLinger).partialValue
        stopDeadline = deadline
        return !sockets.hasQueuedMessages || now >= deadline
    }

    /// How long to wait for sockets, in milliseconds as `zmq_poll` takes them; -1 for as long as it takes.
    private func timeout() -> Int {
        var deadline = timers.nextDeadline()
        func atMost(_ other: Int64) { deadline = min(deadline ?? other, other) }
        let moment = now
        if sockets.hasToRetry {
            atMost(moment + MessageLoop.retryInterval)
        }
        if let next = sockets.nextDeadline { atMost(next) }
        if let stopDeadline { atMost(stopDeadline) }
        guard let deadline else { return -1 }
        return Int(Duration.nanoseconds(max(0, deadline - max(0, moment))).milliseconds)
    }
}

// Sockets.
extension MessageLoop {
    func close(_ core: SocketCore) {
        preconditionOnLoop()
        // The loop forgets it at its next turn; until then its place in the list of polled sockets must stay.
        core.close()
    }

    private func open(
        _ kind: RawSocket.Kind, _ endpoint: Endpoint, _ options: SocketOptions
    ) throws(TransportError) -> SocketCore {
        preconditionOnLoop()
        guard !lock.withLock({ isFinished }) else { throw .closed(endpoint) }
        return try sockets.open(kind, endpoint, options)
    }
}
