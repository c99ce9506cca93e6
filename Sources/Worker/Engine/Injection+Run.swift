package import Models
package import Run
package import Tensors

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

extension ComputeType {
    /// The device's type of a run's name for it.
    package init(_ precision: ComputePrecision) {
        switch precision {
        case .float32: self = .float32
        case .bfloat16: self = .bfloat16
        }
    }
}
