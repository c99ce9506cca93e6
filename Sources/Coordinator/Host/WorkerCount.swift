import Foundation

/// How many workers this machine has room for.
enum WorkerCount {
    /// One per core, at most eight, as long as their models fit into half of the memory together: each worker holds
    /// both. At least one.
    static func automatic(cores: Int, inputs: RunInputs) -> Int {
        let memory = ProcessInfo.processInfo.physicalMemory / 2
        let models = max(1, inputs.modelBytes)
        return max(1, min(cores, 8, Int(min(memory / models, 8))))
    }
}
