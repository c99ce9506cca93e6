import Dispatch
import Locking

/// Work on other threads whose result is waited for.
package enum Background {
    /// What `transform` makes of each element, in their order, as many at a time as there are cores.
    package static func map<Element: Sendable, Value: Sendable>(
        _ elements: [Element], _ transform: @Sendable (Element) -> Value
    ) -> [Value] {
        let works = elements.map { _ in Work<Value>() }
        DispatchQueue.concurrentPerform(iterations: elements.count) { place in
            works[place].end(.success(transform(elements[place])))
        }
        return works.compactMap { try? $0.value() }
    }

    /// Begins work on a thread of its own.
    package static func begin<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) -> Work<Value> {
        let begun = Work<Value>()
        DispatchQueue.global().async { begun.end(Result { try work() }) }
        return begun
    }

    /// Work that has begun.
    package final class Work<Value: Sendable>: @unchecked Sendable {  // its result is behind a lock
        private let lock = Lock()
        private var result: Result<Value, any Error>?
        private let isDone = DispatchGroup()

        fileprivate init() { isDone.enter() }

        fileprivate func end(_ result: Result<Value, any Error>) {
            lock.withLock { self.result = result }
            isDone.leave()
        }

        /// What the work came to; waits for it.
        package func value() throws -> Value {
            isDone.wait()
            guard let result = lock.withLock({ result }) else {
                preconditionFailure("work that ended without a result")
            }
            return try result.get()
        }
    }
}
