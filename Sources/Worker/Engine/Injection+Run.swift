package import Models
package import Run

extension Injection.Operation {
    /// The model's operation of a run's name for it.
    package init(_ operation: InjectionOperation) {
        switch operation {
        case .replace: self = .replace
        case .sum: self = .sum
        case .mean: self = .mean
        }
    }
}
