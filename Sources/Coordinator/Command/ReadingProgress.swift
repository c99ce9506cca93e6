import Console
import Foundation
import Locking
import PlainText

/// Tells how far the reading of a journal is, where it takes long enough to be noticed.
final class ReadingProgress: @unchecked Sendable {
    private static let pause: Duration = .seconds(2)

    private let path: String
    private let lock = Lock()
    private var next = ContinuousClock.now + pause

    init(path: String) {
        self.path = path
    }

    func note(_ read: UInt64, of size: UInt64) {
        let isDue = lock.withLock {
            guard ContinuousClock.now >= next else { return false }
            next = .now + Self.pause
            return true
        }
        guard isDue else { return }
        Terminal.error.log("reading \(path): \(Quantities.bytes(read)) of \(Quantities.bytes(size))")
    }
}
