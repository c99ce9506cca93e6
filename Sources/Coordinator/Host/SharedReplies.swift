import Messaging
import Run
import Transport
import Wire

/// The status as it is sent: made at most ten times a second, in each form once, and shared by all who ask meanwhile.
struct SharedReplies {
    private var made: Instant?
    private var status: RunStatus?
    private var bodies: [StatusQuestion.Form: Frame] = [:]

    private static let seconds = 0.1

    /// What is told now, and the phase that it tells of.
    mutating func body(
        in form: StatusQuestion.Form, at now: Instant, _ status: () -> RunStatus
    ) -> (phase: RunStatus.Phase, body: Frame) {
        let told: RunStatus
        if let made, now.seconds(since: made) < Self.seconds, let last = self.status {
            told = last
        } else {
            told = status()
            (made, self.status, bodies) = (now, told, [:])
        }
        let body = bodies[form] ?? form.body(of: .status(told))
        bodies[form] = body
        return (told.phase, body)
    }
}
