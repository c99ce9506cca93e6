import Locking

/// Working memory for encoding, lent to one call at a time. Calls on several threads each get their own; what is
/// given back is used again, with the words its cache has met.
final class WorkspacePool: @unchecked Sendable {
    /// More than this many, after a burst of threads, are let go.
    private static let keptLimit = 8

    private let lock = Lock()
    private var idle: [EncodingWorkspace] = []

    func borrow() -> EncodingWorkspace {
        lock.withLock { idle.popLast() } ?? EncodingWorkspace()
    }

    func giveBack(_ workspace: EncodingWorkspace) {
        // One very long word must not hold on to its memory for good.
        if workspace.model.scratch.symbols.capacity > 1 << 16 { workspace.model.scratch = MergeScratch() }
        lock.withLock {
            if idle.count < Self.keptLimit { idle.append(workspace) }
        }
    }
}

/// See ``WorkspacePool``.
final class EncodingWorkspace {
    var model = ModelWorkspace()
}
