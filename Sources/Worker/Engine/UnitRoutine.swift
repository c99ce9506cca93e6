import Dispatch
import Foundation
import Generation
import Models
import Run

/// A unit's work that stops where it needs continuations and goes on when they are there: in between, others have
/// their turn.
///
/// It has a thread of its own, and runs only while ``resume()`` waits for it: one at a time, as a call would.
final class UnitRoutine: @unchecked Sendable {  // its owner and its thread take turns, by the semaphores
    /// What it stopped for.
    struct Wish {
        var model: LanguageModel
        var requests: [GenerationRequest]
    }

    let lease: LeaseID
    /// nil while it runs, and when it has ended.
    private(set) var wish: Wish?
    /// nil until it has ended.
    private(set) var result: Result<UnitResult, any Error>?
    /// What the wish is of the unit, from 0 to 1; nil where that is not known.
    var stretch: ClosedRange<Double>?
    var spending = UnitSpending()
    private var granted: Result<[GenerationResult], any Error>?
    private let turn = DispatchSemaphore(value: 0)
    private let pause = DispatchSemaphore(value: 0)

    /// What a thread's frames may take, the main thread's usual size.
    private static let stackBytes = 8 << 20

    /// - Parameter body: the work; it calls ``continuations(of:by:)`` of the routine that it is given.
    init(lease: LeaseID, _ body: @escaping (UnitRoutine) throws -> UnitResult) {
        self.lease = lease
        nonisolated(unsafe) let body = body
        let thread = Thread { [self] in
            turn.wait()
            result = Result { try body(self) }
            pause.signal()
        }
        thread.stackSize = Self.stackBytes
        thread.start()
    }

    /// Lets it run until it stops or ends.
    func resume() {
        spending.resume()
        turn.signal()
        pause.wait()
        spending.pause()
    }

    /// The same, with what it stopped for.
    func resume(with results: Result<[GenerationResult], any Error>) {
        granted = results
        wish = nil
        resume()
    }

    /// To be called by the body: waits for the continuations.
    func continuations(of requests: [GenerationRequest], by model: LanguageModel) throws -> [GenerationResult] {
        wish = Wish(model: model, requests: requests)
        pause.signal()
        turn.wait()
        defer { granted = nil }
        return try granted?.get() ?? []
    }
}
