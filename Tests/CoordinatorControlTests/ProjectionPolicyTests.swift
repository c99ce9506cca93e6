import Run
import Testing

@testable import CoordinatorControl

/// How a W gets to a worker, by what the worker holds.
struct ProjectionPolicyTests {
    private var policy = ProjectionPolicy(version: 40, firstReplayable: 8, canReplay: true, stepsLeft: 100, bytes: 1000)

    private func form(_ held: HeldProjection, isSharing: Bool = false, stepBytes: Int = 10) -> RunControl.Supply.Form {
        policy.choice(for: held, isSharing: isSharing) { version, own in
            ProjectionPolicy.Steps(texts: [], bytes: stepBytes * (policy.version - version))
        }.form
    }

    private func copy(_ version: Int, hasMoments: Bool = true) -> HeldProjection {
        .copy(version: version, hasMoments: hasMoments, ownShards: [])
    }

    @Test func `what is held does not travel`() {
        #expect(form(copy(40)) == .held)
        #expect(form(.mapped(hasRead: false), isSharing: true) == .held)
    }

    @Test func `a worker of this machine is told where W lies, whatever it holds`() {
        for held in [.none, copy(40)] { #expect(form(held, isSharing: true) == .shared) }
    }

    @Test func `steps are taken elsewhere as long as they cost fewer bytes than W with its moments`() {
        #expect(form(copy(30)) == .replay(from: 30, own: []))
        #expect(form(copy(30), stepBytes: 300) == .replay(from: 30, own: []))
        #expect(form(copy(30), stepBytes: 301) == .whole(withMoments: true))
    }

    @Test func `steps are not taken without moments, nor from before those that are kept`() {
        #expect(form(copy(30, hasMoments: false)) == .whole(withMoments: true))
        #expect(form(copy(7)) == .whole(withMoments: true))
        #expect(form(.none) == .whole(withMoments: true))
    }

    @Test func `W is drawn where all steps are kept`() {
        var test = self
        test.policy.firstReplayable = 0
        #expect(test.form(.none) == .initial)
        #expect(test.form(.none, stepBytes: 76) == .whole(withMoments: true))
        test.policy.version = 0
        #expect(test.form(.none, stepBytes: 1_000_000) == .initial)
    }

    @Test func `moments do not travel for the last steps, nor after the training`() {
        var test = self
        test.policy.stepsLeft = 2
        #expect(test.form(.none) == .whole(withMoments: false))
        test.policy.stepsLeft = nil
        #expect(test.form(.none) == .whole(withMoments: false))
    }

    @Test func `where steps cannot be taken elsewhere W goes whole each time`() {
        var test = self
        test.policy.canReplay = false
        test.policy.firstReplayable = 0
        #expect(test.form(.none) == .whole(withMoments: false))
    }

    @Test func `of copies those used last count, and what is read in place does not`() {
        var supplies = Supplies()
        let copy = HeldProjection.copy(version: 7, hasMoments: false, ownShards: [])
        for channel in 0..<MessageLimits.heldProjections { supplies.use(copy, of: channel) }
        supplies.use(copy, of: 0)
        supplies.use(.mapped(hasRead: true), of: 9)
        supplies.use(copy, of: 10)
        #expect(supplies[0] == copy && supplies[1] == .none && supplies[2] == copy)
        #expect(supplies[9] == .mapped(hasRead: true) && supplies[10] == copy)
    }
}
