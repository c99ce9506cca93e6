import Foundation
import Testing

/// Runs the tests of a suite on threads of their own.
///
/// Tests with real processes wait by blocking, and react at once to what they see. On the threads that Swift's tasks
/// share, of which there are as many as cores, they would hold up the asynchronous tests of other suites; and where
/// they suspended instead, a moment that they wait for could be over before their turn came again.
struct BlockingTests: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(BlockableThreads.shared) { try await function() }
    }
}

extension Trait where Self == BlockingTests {
    /// The suite's tests may block their thread.
    static var blocking: Self { Self() }
}

/// Some threads for tests that block: as many as tests with real processes should run at a time.
private final class BlockableThreads: TaskExecutor, @unchecked Sendable {
    static let shared = BlockableThreads(count: 3)

    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []

    init(count: Int) {
        for _ in 0..<count { Thread.detachNewThread { [self] in work() } }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.withLock {
            jobs.append(job)
            condition.signal()
        }
    }

    private func work() {
        while true {
            condition.lock()
            while jobs.isEmpty { condition.wait() }
            let job = jobs.removeFirst()
            condition.unlock()
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
