package import Devices

/// The driver of this machine and the devices that it shows. `CUDA_VISIBLE_DEVICES` is the driver's affair.
struct CUDAPlatform {
    let driver: CUDADriver
    private let libraries: String?

    struct Entry {
        let ordinal: Int
        let model: String
        let memory: Int
        let architecture: CUDAContext.Architecture
        /// As `--device` names it.
        var name: String { "cuda:\(ordinal)" }
    }

    init(libraries: String?) throws(DeviceError) {
        self.libraries = libraries
        driver = try CUDADriver(try CUDALibraries.openDriver(libraries))
    }

    func compiler() throws(DeviceError) -> KernelCompiler {
        try KernelCompiler(try CUDALibraries.openCompiler(libraries, driverMajor: driver.version / 1000))
    }

    func entries() throws(DeviceError) -> [Entry] {
        var entries: [Entry] = []
        for ordinal in 0..<(try driver.deviceCount()) {
            let device = try driver.device(ordinal)
            entries.append(
                Entry(
                    ordinal: ordinal, model: try driver.name(of: device), memory: try driver.memory(of: device),
                    architecture: try CUDAContext.architecture(driver, device)))
        }
        return entries
    }

    /// The device of a number, if it is one that can compute.
    func entry(_ ordinal: Int) throws(DeviceError) -> Entry {
        let entries = try entries()
        guard entries.indices.contains(ordinal) else {
            throw .absent(device: "cuda:\(ordinal)", present: entries.map(\.name))
        }
        let found = entries[ordinal]
        guard found.architecture.major >= 8 else {
            throw .unusable(
                "\(found.name): \(found.model) has compute capability \(found.architecture); at least 8.0 is needed")
        }
        return found
    }

    var driverVersion: String { "\(driver.version / 1000).\(driver.version % 1000 / 10)" }
}

extension DeviceBackend {
    /// NVIDIA's GPUs: `cuda:0` and so on.
    package static let cuda = DeviceBackend(
        present: { request in
            guard let platform = try? CUDAPlatform(libraries: request.cudaLibraries) else { return [] }
            return (try? platform.entries())?.map(\.name) ?? []
        },
        knows: { ordinal(of: $0) != nil },
        check: { request throws(DeviceError) in
            if let kernels = request.kernels, kernels != "auto" {
                throw .setting("--kernels", found: kernels, expected: "auto: a GPU has no other")
            }
            guard let ordinal = ordinal(of: request.device) else { return }
            let platform = try CUDAPlatform(libraries: request.cudaLibraries)
            _ = try platform.entry(ordinal)
            _ = try platform.compiler()
        },
        open: { request throws(DeviceError) in
            try CUDADevice(ordinal: ordinal(of: request.device) ?? 0, request)
        },
        list: { request in listings(request) })

    private static func ordinal(of name: String) -> Int? {
        guard name.hasPrefix("cuda:"), let ordinal = Int(name.dropFirst(5)), "cuda:\(ordinal)" == name, ordinal >= 0
        else { return nil }
        return ordinal
    }

    private static func listings(_ request: DeviceRequest) -> [DeviceListing] {
        do {
            let platform = try CUDAPlatform(libraries: request.cudaLibraries)
            let compiler = try? platform.compiler().version
            return try platform.entries().map { entry in
                var listing = DeviceListing(name: entry.name, model: entry.model, memory: entry.memory)
                listing.details =
                    "compute capability \(entry.architecture), driver for CUDA \(platform.driverVersion), "
                    + (compiler.map { "NVRTC \($0)" } ?? "no NVRTC")
                do {
                    var request = request
                    request.threads = 1
                    listing.kind = try CUDADevice(ordinal: entry.ordinal, request).kind
                } catch {
                    listing.problem = "\(error)"
                }
                return listing
            }
        } catch {
            return [DeviceListing(name: "cuda", problem: "\(error)")]
        }
    }
}
