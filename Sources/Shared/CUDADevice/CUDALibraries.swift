import Devices
import Foundation

/// Where the driver's library and the compiler's are.
///
/// The driver's comes with the driver. The compiler's (NVRTC) comes with the CUDA toolkit, and as a wheel of its own:
/// `pip install nvidia-cuda-nvrtc`.
enum CUDALibraries {
    static let driverName = "libcuda.so.1"

    /// Opens the driver's library: in `folder` where one is given, else where the loader finds it, else where drivers are
    /// installed.
    static func openDriver(_ folder: String?) throws(DeviceError) -> DynamicLibrary {
        let usual = ["/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"].map { "\($0)/\(driverName)" }
        return try open(folder.map { ["\($0)/\(driverName)"] } ?? [driverName] + usual) { reason in
            "no NVIDIA driver: \(reason); install it, or name the folder of \(driverName) with --cuda-libraries"
        }
    }

    /// Opens the newest compiler whose images a driver of `major` runs.
    static func openCompiler(_ folder: String?, driverMajor major: Int) throws(DeviceError) -> DynamicLibrary {
        let names = stride(from: max(major, 12), through: 12, by: -1).map { "libnvrtc.so.\($0)" }
        let folders = folder.map { [$0] } ?? [""] + toolkitFolders + pythonFolders
        let paths = names.flatMap { name in folders.map { $0.isEmpty ? name : "\($0)/\(name)" } }
        for path in paths { openBuiltins(beside: path) }
        return try open(paths) { reason in
            "no NVRTC for this driver, which runs CUDA \(major): \(reason); 'pip install nvidia-cuda-nvrtc', or name the "
                + "folder of libnvrtc.so.\(major) with --cuda-libraries"
        }
    }

    private static func open(_ paths: [String], _ failure: (String) -> String) throws(DeviceError) -> DynamicLibrary {
        var reasons: [String] = []
        for path in paths {
            do {
                return try DynamicLibrary(path)
            } catch {
                reasons.append(error.reason)
            }
        }
        throw .unusable(failure(reasons.first ?? "nothing to open"))
    }

    /// NVRTC opens its built-in functions by name. They lie beside it, where the loader may not look.
    private static func openBuiltins(beside path: String) {
        let folder = (path as NSString).deletingLastPathComponent
        guard !folder.isEmpty, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
        for name in names where name.hasPrefix("libnvrtc-builtins.so") { _ = try? DynamicLibrary("\(folder)/\(name)") }
    }

    private static var toolkitFolders: [String] {
        let environment = ProcessInfo.processInfo.environment
        let homes = [environment["CUDA_HOME"], environment["CUDA_PATH"], "/usr/local/cuda"].compactMap { $0 }
        return homes.map { "\($0)/lib64" }
    }

    /// Of the Python environment that is active: wheels put libraries into `site-packages/nvidia`.
    private static var pythonFolders: [String] {
        let environment = ProcessInfo.processInfo.environment
        return [environment["VIRTUAL_ENV"], environment["CONDA_PREFIX"]].compactMap { $0 }.flatMap { home in
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: "\(home)/lib")) ?? []
            return versions.sorted().filter { $0.hasPrefix("python3") }.flatMap { version in
                let nvidia = "\(home)/lib/\(version)/site-packages/nvidia"
                return ["\(nvidia)/cu13/lib", "\(nvidia)/cuda_nvrtc/lib"]
            }
        }
    }
}
