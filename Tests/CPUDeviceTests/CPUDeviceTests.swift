import CPUDevice
import Devices
import Testing

/// The processor as a device.
struct CPUDeviceTests {
    @Test func `a device that cannot be made says why`() {
        for threads in [-1, 0, 257, 1000] {
            #expect(throws: DeviceError.setting("--threads", found: "\(threads)", expected: "1 to 256")) {
                try CPUDevice(threads: threads)
            }
        }
        for path in KernelPath.allCases where !path.isSupported {
            let error = #expect(throws: DeviceError.self) { try CPUDevice(threads: 1, kernels: path) }
            #expect(
                error?.description.hasPrefix("--kernels \(path.rawValue): expected what this processor has") == true)
        }
    }

    @Test func `a device names its kind, its kernels and its threads`() throws {
        #expect(try CPUDevice(threads: 1, kernels: .portable).description == "cpu portable, 1 thread")
        #expect(try CPUDevice(threads: 3).description == "cpu \(KernelChoice.fastest.name), 3 threads")
        #expect(try CPUDevice(threads: 2).kind == .cpu)
    }

    @Test func `a device knows how much memory is free`() throws {
        #expect(try #require(try CPUDevice(threads: 1).freeMemory) > 0)
    }

    @Test(arguments: [1, 2, 5], [1, 7, 8, 9, 24, 100])
    func `outputs are shared out whole, each once, in ranges that begin at multiples of 8`(
        threads: Int, outputs: Int
    ) throws {
        let device = try CPUDevice(threads: threads)
        // Each range writes its own places.
        var owners = [Int](repeating: 0, count: outputs)
        owners.withUnsafeMutableBufferPointer { owners in
            nonisolated(unsafe) let owners = owners
            device.projection.share(outputs: outputs) { range, _ in
                for output in range { owners[output] += range.lowerBound % 8 == 0 ? 1 : 100 }
            }
        }
        #expect(owners.allSatisfy { $0 == 1 })
    }
}
