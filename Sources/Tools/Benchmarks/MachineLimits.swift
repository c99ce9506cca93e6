import CMachineLimits
import Foundation
import Locking

/// What this machine can do at best, measured: the best of several tries on `threads` threads at once.
struct MachineLimits: Encodable {
    let threads: Int
    /// Float32 fused multiply-adds, operations a second.
    let float32: Double
    /// Products of bfloat16, operations a second; 0 where the processor has no instruction for them.
    let bfloat16: Double
    /// Bytes read from memory a second.
    let memory: Double

    enum CodingKeys: String, CodingKey {
        case threads
        case float32 = "float32_flops"
        case bfloat16 = "bfloat16_flops"
        case memory = "memory_bytes_per_second"
    }

    init(threads: Int) {
        self.threads = threads
        float32 = Self.best(of: 5, threads) { limits_float32_operations(20_000_000) }
        bfloat16 = Self.best(of: 5, threads) { limits_bfloat16_operations(20_000_000) }
        let bytes = 512 << 20
        let blocks = (0..<threads).map { _ in limits_allocate(bytes).map { UInt(bitPattern: $0) } }
        memory = Self.best(of: 7, threads) { thread in
            guard let address = blocks[thread], let block = UnsafeMutableRawPointer(bitPattern: address) else {
                return 0
            }
            // The result of a read is used, so that the read happens.
            return limits_read(block, bytes) == 1 ? 0 : Double(bytes)
        }
        for address in blocks {
            if let address { limits_free(UnsafeMutableRawPointer(bitPattern: address), bytes) }
        }
    }

    private static func best(of tries: Int, _ threads: Int, _ work: @Sendable @escaping () -> Double) -> Double {
        best(of: tries, threads) { _ in work() }
    }

    /// The work a second of all threads together.
    private static func best(of tries: Int, _ threads: Int, _ work: @Sendable @escaping (Int) -> Double) -> Double {
        (0..<tries).map { _ in
            let start = ContinuousClock.now
            let total = SharedSum<Double>(0)
            let group = DispatchGroup()
            for thread in 0..<threads {
                let body = Thread {
                    let done = work(thread)
                    total.add(done)
                    group.leave()
                }
                group.enter()
                body.start()
            }
            group.wait()
            return total.value / ((ContinuousClock.now - start) / .seconds(1))
        }.max() ?? 0
    }
}

/// A sum that threads add to.
private final class SharedSum<Value>: @unchecked Sendable where Value: AdditiveArithmetic & Sendable {  // under `lock`
    private let lock = Lock()
    private var sum: Value

    init(_ start: Value) { sum = start }

    func add(_ value: Value) { lock.withLock { sum += value } }
    var value: Value { lock.withLock { sum } }
}
