import Run
import Testing

@testable import CoordinatorHost

struct StatusWatchersTests {
    @Test func `who asks again is waited for until told, and no longer than it would ask again`() {
        var watchers = StatusWatchers()
        watchers.note(0, isTold: false, at: .seconds(1))
        #expect(!watchers.areWaiting(at: .seconds(1)))
        watchers.note(7, isTold: false, at: .seconds(1))
        watchers.note(8, isTold: false, at: .seconds(1))
        #expect(watchers.areWaiting(at: .seconds(2)))
        watchers.note(7, isTold: true, at: .seconds(2))
        #expect(watchers.areWaiting(at: .seconds(2)))
        watchers.note(8, isTold: true, at: .seconds(2))
        #expect(!watchers.areWaiting(at: .seconds(2)))
        watchers.note(9, isTold: false, at: .seconds(2))
        #expect(!watchers.areWaiting(at: .seconds(5)))
    }

    @Test func `a client of many names is not remembered under all of them`() {
        var watchers = StatusWatchers()
        for name in 1...100_000 { watchers.note(UInt64(name), isTold: false, at: .seconds(1)) }
        for name in 1...1024 { watchers.note(UInt64(name), isTold: true, at: .seconds(1)) }
        #expect(!watchers.areWaiting(at: .seconds(1)))
    }
}
