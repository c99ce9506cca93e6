import Devices
import Foundation

/// Copies matrices of weights into the device's memory: two pinned buffers take turns, of which one is filled while the
/// device copies the other.
final class Uploader {
    private static let bufferBytes = 32 << 20
    private let context: CUDAContext
    private let threads: Int
    private var buffers: [(memory: PinnedMemory, copied: DriverHandle, isUsed: Bool)] = []
    private var turn = 0

    /// While the device is used.
    /// - Parameter threads: that fill a buffer.
    init(_ context: CUDAContext, threads: Int) throws(DeviceError) {
        self.context = context
        self.threads = threads
        for _ in 0..<2 {
            let memory = try PinnedMemory(Self.bufferBytes, in: context)
            buffers.append((memory, try context.driver.event(), false))
        }
    }

    /// Copies `rows` rows of `rowBytes` each, to rows of `strideBytes` whose ends become zeros.
    /// - Parameter source: `[rows, rowBytes]`
    func upload(
        _ source: UnsafeRawBufferPointer, rows: Int, rowBytes: Int, strideBytes: Int, to address: DeviceAddress
    ) throws(DeviceError) {
        guard let base = source.baseAddress else { return }
        let rowsAtOnce = max(1, Self.bufferBytes / strideBytes)
        for begin in stride(from: 0, to: rows, by: rowsAtOnce) {
            let count = min(rowsAtOnce, rows - begin)
            let buffer = try nextBuffer()
            fill(buffer, base + begin * rowBytes, rows: count, rowBytes: rowBytes, strideBytes: strideBytes)
            try context.copy(count * strideBytes, from: buffer, to: address + UInt64(begin * strideBytes))
            try context.record(buffers[turn].copied)
            turn = 1 - turn
        }
    }

    private func nextBuffer() throws(DeviceError) -> UnsafeMutableRawPointer {
        if buffers[turn].isUsed { try context.driver.wait(forEvent: buffers[turn].copied) }
        buffers[turn].isUsed = true
        return buffers[turn].memory.base
    }

    private struct Copy: @unchecked Sendable {  // each thread has rows of its own
        let from: UnsafeRawPointer
        let to: UnsafeMutableRawPointer
    }

    private func fill(
        _ buffer: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, rows: Int, rowBytes: Int, strideBytes: Int
    ) {
        let copy = Copy(from: source, to: buffer)
        let parts = rows * rowBytes < 1 << 20 ? 1 : min(threads, rows)
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let mine = rows * part / parts..<rows * (part + 1) / parts
            guard rowBytes < strideBytes else {
                (copy.to + mine.lowerBound * rowBytes).copyMemory(
                    from: copy.from + mine.lowerBound * rowBytes, byteCount: mine.count * rowBytes)
                return
            }
            for row in mine {
                let to = copy.to + row * strideBytes
                to.copyMemory(from: copy.from + row * rowBytes, byteCount: rowBytes)
                memset(to + rowBytes, 0, strideBytes - rowBytes)
            }
        }
    }
}
