import CSharedMemory
import Devices
import Foundation
package import Run

/// What stands before W in shared memory.
private struct SharedHeader {
    static let magic: UInt64 = 0x3157_4a4f_5250_4341
    /// W begins on a page of its own.
    static let byteCount = 4096
    static let memoryName = "projection"

    var magic: UInt64
    var key: UInt64
    var dimensionA: UInt64
    var dimensionB: UInt64
    /// Twice the version of W that stands here; one less while W moves to it.
    var word: UInt64

    static func blockBytes(_ dimensionA: Int, _ dimensionB: Int) -> Int {
        byteCount + dimensionA * dimensionB * MemoryLayout<Float>.stride
    }
}

/// W, [d_B, d_A], in memory that other processes of the machine read while this one trains it.
final class SharedWeights: WeightMemory, @unchecked Sendable {
    let name: SharedProjection
    private var block: shared_memory
    private let header: UnsafeMutablePointer<SharedHeader>

    /// nil where the system gives no such memory: W travels then.
    init?(dimensionA: Int, dimensionB: Int) {
        var block = shared_memory()
        let bytes = SharedHeader.blockBytes(dimensionA, dimensionB)
        guard shared_memory_create(SharedHeader.memoryName, bytes, &block) == 0, let start = block.bytes else {
            return nil
        }
        let key = UInt64.random(in: 1...UInt64.max)
        header = start.bindMemory(to: SharedHeader.self, capacity: 1)
        header.initialize(
            to: SharedHeader(
                magic: SharedHeader.magic, key: key, dimensionA: UInt64(dimensionA), dimensionB: UInt64(dimensionB),
                word: 1))
        name = SharedProjection(
            processID: ProcessInfo.processInfo.processIdentifier, descriptor: block.descriptor, key: key,
            dimensionA: dimensionA, dimensionB: dimensionB)
        self.block = block
        let count = dimensionA * dimensionB
        super.init((start + SharedHeader.byteCount).bindMemory(to: Float.self, capacity: count), count: count)
    }

    deinit { shared_memory_close(&block) }

    /// Tells readers that W moves to `version`: what they have read since they looked may be of either.
    func begin(version: Int) {
        header.withWord { shared_word_begin($0, UInt64(version) * 2 - 1) }
    }

    func end(version: Int) {
        header.withWord { shared_word_end($0, UInt64(version) * 2) }
    }
}

/// W in another process's memory, for reading in place.
package final class MappedWeights: @unchecked Sendable {  // written by the other process, guarded by the header's word
    package let name: SharedProjection
    private var block: shared_memory
    private let header: UnsafeMutablePointer<SharedHeader>
    private let base: UnsafePointer<Float>

    /// Maps the memory of that name.
    package init(_ name: SharedProjection) throws(ReplicaError) {
        let elements = name.dimensionA.multipliedReportingOverflow(by: name.dimensionB)
        guard name.dimensionA > 0, name.dimensionB > 0, !elements.overflow, elements.partialValue < 1 << 40 else {
            throw .unmappable(reason: "it cannot have the size of \(name.dimensionB) × \(name.dimensionA)")
        }
        var block = shared_memory()
        let error = shared_memory_open(
            SharedHeader.memoryName, name.processID, name.descriptor,
            SharedHeader.blockBytes(name.dimensionA, name.dimensionB), &block)
        guard error == 0, let start = block.bytes else {
            throw .unmappable(reason: String(cString: strerror(error)))
        }
        header = start.bindMemory(to: SharedHeader.self, capacity: 1)
        base = UnsafePointer(
            (start + SharedHeader.byteCount).bindMemory(to: Float.self, capacity: elements.partialValue))
        self.block = block
        self.name = name
        guard header.pointee.magic == SharedHeader.magic, header.pointee.key == name.key,
            header.pointee.dimensionA == name.dimensionA, header.pointee.dimensionB == name.dimensionB
        else { throw .unmappable(reason: "what is there is not the W that was meant") }
    }

    deinit { shared_memory_close(&block) }

    /// Reads W of `version`.
    /// - Throws: ``ReplicaError/moved(needed:)`` where another version is there, or was when `body` returned: what it
    ///   has read is of no use then.
    func read<R>(version: Int, _ body: (WeightView) throws -> R) throws -> R {
        defer { withExtendedLifetime(self) {} }
        let word = UInt64(version) * 2
        guard header.withWord({ shared_word_before($0) }) == word else { throw ReplicaError.moved(needed: version) }
        let result = Result {
            try body(WeightView(base: base, outputs: name.dimensionB, inputs: name.dimensionA))
        }
        // Asked first: values of two versions may be the reason of an error, too.
        guard header.withWord({ shared_word_after($0) }) == word else { throw ReplicaError.moved(needed: version) }
        return try result.get()
    }
}

extension UnsafeMutablePointer<SharedHeader> {
    fileprivate func withWord<R>(_ body: (UnsafeMutablePointer<UInt64>) -> R) -> R {
        let offset = MemoryLayout<SharedHeader>.offset(of: \SharedHeader.word) ?? 0
        return body((UnsafeMutableRawPointer(self) + offset).assumingMemoryBound(to: UInt64.self))
    }
}
