import Backends
import Devices
import Testing

/// What `--device` may say, and what it is answered.
struct BackendsTests {
    /// No library of a GPU's lies there.
    private static let nowhere = "/nowhere"

    @Test func `auto takes the processor where there is no GPU, and so does its name`() throws {
        for name in ["auto", "auto:0", "auto:5", "cpu"] {
            let device = try Backends.open(DeviceRequest(device: name, threads: 2, cudaLibraries: Self.nowhere))
            #expect(device.kind == .cpu)
            #expect(device.threads == 2)
        }
    }

    @Test(arguments: ["cuda", "cuda:", "cuda:-1", "cuda:00", "metal", "", "CPU", "cpu ", "auto:", "auto:-1", "auto:01"])
    func `a device that is not there is refused with those that are`(_ name: String) {
        let error = #expect(throws: DeviceError.self) { try Backends.check(DeviceRequest(device: name)) }
        #expect(error == .absent(device: name, present: Backends.present))
        #expect(error?.description.contains("which has cpu") == true)
    }

    @Test func `a setting that the device cannot take is named, with what it can`() {
        for threads in [0, -1, 257] {
            let error = #expect(throws: DeviceError.self) { try Backends.check(DeviceRequest(threads: threads)) }
            #expect(error?.description == "--threads \(threads): expected 1 to 256")
        }
        let error = #expect(throws: DeviceError.self) { try Backends.check(DeviceRequest(kernels: "neon")) }
        #expect(error?.description.hasPrefix("--kernels neon: expected one of auto, portable") == true)
    }

    @Test func `a check makes nothing: as many as you like cost next to nothing`() throws {
        for _ in 0..<1000 { try Backends.check(DeviceRequest(device: "cpu", threads: 256)) }
    }
}
