/// How W gets to the workers. It changes no bit of W.
package enum ProjectionForm: String, CaseIterable, Sendable {
    /// Workers on this machine read it in place; to others it goes in the form of fewer bytes.
    case auto
    /// As the steps that W has taken since, which every worker takes itself.
    case replay
    /// As a matrix, at every step.
    case whole
}
