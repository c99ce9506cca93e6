import Console
import Foundation
import Testing

struct TimeLimitTests {
    @Test func `steps that hang are told of, once`() async {
        // The steps end when they have been told of: they would hang for ever otherwise.
        let (told, teller) = AsyncStream.makeStream(of: Void.self)
        await limited(to: 0.01) {
            teller.yield()
        } _: {
            var all = told.makeAsyncIterator()
            await all.next()
        }
        teller.finish()
        #expect(await told.reduce(0) { count, _ in count + 1 } == 0)
    }

    @Test func `steps that end in time are not told of, also when the time has passed since`() async throws {
        let (told, teller) = AsyncStream.makeStream(of: Void.self)
        let result = await limited(to: 0.05) {
            teller.yield()
        } _: {
            7
        }
        #expect(result == 7)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.15) { continuation.resume() }
        }
        teller.finish()
        #expect(await told.reduce(0) { count, _ in count + 1 } == 0)
    }
}
