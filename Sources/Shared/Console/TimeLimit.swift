import Foundation

/// Lets a program's last steps take so many seconds and no more.
///
/// - Parameters:
///   - passed: called once, on some thread, where the steps take longer; they go on.
package func limited<Result>(
    to seconds: Double, whenPassed passed: @escaping @Sendable () -> Void, _ steps: () async throws -> Result
) async rethrows -> Result {
    let limit = DispatchWorkItem(block: passed)
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: limit)
    defer { limit.cancel() }
    return try await steps()
}
