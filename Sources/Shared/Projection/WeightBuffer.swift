import Devices
import Run

/// The values of W or of one of Adam's moments, [d_B, d_A]: an array as a value, in pages of its own.
///
/// A copy shares the memory until one of the two changes. Tens of megabytes that every step reads and writes are
/// better off in large pages than where the allocator happens to have room, and W may lie where other processes of
/// the machine read it (``SharedWeights``).
struct WeightBuffer: Sendable {
    private var memory: WeightMemory

    init(_ values: [Float]) {
        memory = PrivateWeights(count: values.count)
        values.withUnsafeBufferPointer { memory.fill(from: $0.baseAddress, count: $0.count) }
    }

    init(zeros count: Int) {
        memory = PrivateWeights(count: count)
    }

    /// A copy of `values` in memory that other processes can read, if the system has any to give.
    init?(sharing values: WeightBuffer, dimensionA: Int, dimensionB: Int, version: Int) {
        guard let shared = SharedWeights(dimensionA: dimensionA, dimensionB: dimensionB) else { return nil }
        values.withUnsafePointer { shared.fill(from: $0, count: values.count) }
        shared.end(version: version)
        memory = shared
    }

    /// The same values in memory of this process alone.
    init(copying values: WeightBuffer) {
        memory = PrivateWeights(count: values.count)
        values.withUnsafePointer { memory.fill(from: $0, count: values.count) }
    }

    var count: Int { memory.count }

    var values: [Float] { Array(UnsafeBufferPointer(start: memory.base, count: memory.count)) }

    /// Where other processes find the values, if they can.
    var shared: SharedProjection? { (memory as? SharedWeights)?.name }

    func withUnsafePointer<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(memory) {} }
        return try body(memory.base)
    }

    /// Changes the values in place where nobody else holds them, else in a copy, which nobody reads but this process.
    /// - Parameter version: of W, after the change.
    mutating func withMutablePointer<R>(version: Int, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
        if !isKnownUniquelyReferenced(&memory) {
            self = WeightBuffer(copying: self)
        }
        let shared = memory as? SharedWeights
        shared?.begin(version: version)
        defer { shared?.end(version: version) }
        return body(memory.base)
    }
}

extension WeightBuffer: Hashable {
    static func == (a: WeightBuffer, b: WeightBuffer) -> Bool {
        a.memory === b.memory || a.count == b.count && a.values == b.values
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        hasher.combine(count > 0 ? memory.base[0] : 0)
    }
}

/// Memory for float32 values. It is written through one ``WeightBuffer`` alone.
class WeightMemory: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(_ base: UnsafeMutablePointer<Float>, count: Int) {
        self.base = base
        self.count = count
    }

    func fill(from source: UnsafePointer<Float>?, count: Int) {
        if let source { base.update(from: source, count: min(count, self.count)) }
    }
}

/// Such memory of this process alone, all zero at first.
private final class PrivateWeights: WeightMemory, @unchecked Sendable {
    private let memory: HostMemory

    init(count: Int) {
        do {
            memory = try HostMemory(byteCount: count * MemoryLayout<Float>.stride, purpose: "\(count) values of W")
        } catch {
            // As with an array: a program that has no memory left cannot go on.
            preconditionFailure("\(error)")
        }
        super.init(memory.base.bindMemory(to: Float.self, capacity: count), count: count)
    }
}
