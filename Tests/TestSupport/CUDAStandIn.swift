package import Foundation

/// The library that stands in for NVIDIA's, which the build puts beside the tests.
package enum CUDAStandIn {
    /// A folder where it has the names of the driver's and the compiler's library; where tests run on another machine
    /// than they were built on, what CUDA_STAND_IN says.
    package static let folder: URL = {
        if let given = ProcessInfo.processInfo.environment["CUDA_STAND_IN"] { return URL(fileURLWithPath: given) }
        let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let folder = built.appendingPathComponent("cuda-stand-in")
        let library = built.appendingPathComponent("libcuda-stand-in.so").path
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["libcuda.so.1", "libnvrtc.so.13"] {
            try? FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent(name).path, withDestinationPath: library)
        }
        return folder
    }()
}
