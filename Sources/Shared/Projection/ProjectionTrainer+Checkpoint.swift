package import Foundation

extension ProjectionTrainer {
    private static let magic: [UInt8] = Array("ACPROJ\u{0}\u{1}".utf8)
    /// Magic, d_B, d_A, step, then learning rate, β₁, β₂ and ε.
    private static let headerBytes = 8 + 3 * 8 + 4 * 8
    /// Values handed over at a time.
    private static let pieceValues = 1 << 16
    /// Steps beyond this are taken for damage.
    private static let maximumSteps: UInt64 = 1 << 40

    /// The whole state as bytes: a header of 64 bytes, then W and the two moments, each [d_B, d_A] float32. All
    /// numbers little-endian. A trainer restored from it goes on bit for bit.
    package func checkpoint() -> Data {
        var data = Data(capacity: Self.headerBytes + 3 * 4 * w.count)
        writeCheckpoint { data.append(contentsOf: $0) }
        return data
    }

    /// Hands the bytes of ``checkpoint()`` to `write`, piece by piece, without a copy of the whole.
    package func writeCheckpoint(_ write: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        var header = Self.magic
        for number in [UInt64(dimensionB), UInt64(dimensionA), UInt64(step)] + adam.settings.map(\.bitPattern) {
            withUnsafeBytes(of: number.littleEndian) { header.append(contentsOf: $0) }
        }
        try header.withUnsafeBytes(write)
        for values in [w, firstMoment, secondMoment] {
            try values.withUnsafePointer { start in
                // Small enough to be in the cache still when it is read the second time.
                for first in stride(from: 0, to: values.count, by: Self.pieceValues) {
                    let count = min(Self.pieceValues, values.count - first)
                    try write(UnsafeRawBufferPointer(UnsafeBufferPointer(start: start + first, count: count)))
                }
            }
        }
    }

    /// Restores what ``checkpoint()`` wrote.
    ///
    /// - Parameters:
    ///   - data: the bytes; nothing about them is trusted.
    ///   - dimensionA: d_A of this run.
    ///   - dimensionB: d_B of this run.
    ///   - adam: the settings of this run.
    /// - Throws: ``ProjectionError/checkpoint(reason:)`` unless the bytes are a whole checkpoint of just such a
    ///   training, with finite values.
    package init(
        checkpoint data: Data, dimensionA: Int, dimensionB: Int, adam: Adam
    ) throws(ProjectionError) {
        guard data.count >= Self.headerBytes else {
            throw .checkpoint(reason: "expected at least \(Self.headerBytes) bytes, found \(data.count)")
        }
        guard data.prefix(8).elementsEqual(Self.magic) else {
            throw .checkpoint(reason: "it does not begin as a checkpoint of this version does")
        }
        let header = (1..<8).map { Self.number(in: data, at: 8 * $0) }
        guard header[0] == UInt64(dimensionB), header[1] == UInt64(dimensionA) else {
            throw .checkpoint(
                reason: "expected W of \(dimensionB) × \(dimensionA), found \(header[0]) × \(header[1])")
        }
        guard header[2] <= Self.maximumSteps else {
            throw .checkpoint(reason: "expected a number of steps, found \(header[2])")
        }
        guard header[3...].elementsEqual(adam.settings.map(\.bitPattern)) else {
            throw .checkpoint(reason: "it was written with other settings of Adam")
        }
        let elements = dimensionA.multipliedReportingOverflow(by: dimensionB)
        let bytes = elements.partialValue.multipliedReportingOverflow(by: 12)
        let total = bytes.partialValue.addingReportingOverflow(Self.headerBytes)
        guard elements.partialValue > 0, !elements.overflow, !bytes.overflow, !total.overflow,
            data.count == total.partialValue
        else {
            throw .checkpoint(reason: "expected \(total.partialValue) bytes, found \(data.count)")
        }
        let count = elements.partialValue
        let blocks = (0..<3).map { Self.floats(in: data, at: Self.headerBytes + 4 * count * $0, count: count) }
        guard blocks.allSatisfy(Values.areFinite) else {
            throw .checkpoint(reason: "it holds a value that is not finite")
        }
        self.init(
            adam: adam, dimensionA: dimensionA, dimensionB: dimensionB, step: Int(header[2]),
            state: (w: blocks[0], m: blocks[1], v: blocks[2]))
    }

    private static func number(in data: Data, at offset: Int) -> UInt64 {
        data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }

    private static func floats(in data: Data, at offset: Int, count: Int) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            data.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 4 * count]))
            }
            initialized = count
        }
    }
}

extension Adam {
    /// The four settings, in the order in which a checkpoint names them.
    fileprivate var settings: [Double] { [learningRate, beta1, beta2, epsilon] }
}
