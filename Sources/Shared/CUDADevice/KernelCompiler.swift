import CCUDAKernels
import Devices

/// NVRTC, NVIDIA's compiler as a library: CUDA C++ to the machine code of one architecture.
struct KernelCompiler: Sendable {
    private typealias Program = OpaquePointer?
    private typealias Out<T> = UnsafeMutablePointer<T>
    private typealias Texts = UnsafePointer<UnsafePointer<CChar>?>

    private let nvrtcVersion: @Sendable @convention(c) (Out<Int32>, Out<Int32>) -> Int32
    private let nvrtcCreateProgram:
        @Sendable @convention(c) (Out<Program>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int32, Texts, Texts) ->
            Int32
    private let nvrtcCompileProgram: @Sendable @convention(c) (Program, Int32, Texts) -> Int32
    private let nvrtcGetProgramLogSize: @Sendable @convention(c) (Program, Out<Int>) -> Int32
    private let nvrtcGetProgramLog: @Sendable @convention(c) (Program, Out<CChar>) -> Int32
    private let nvrtcGetCUBINSize: @Sendable @convention(c) (Program, Out<Int>) -> Int32
    private let nvrtcGetCUBIN: @Sendable @convention(c) (Program, UnsafeMutableRawPointer) -> Int32
    private let nvrtcDestroyProgram: @Sendable @convention(c) (Out<Program>) -> Int32
    /// Such as 13.0.
    let version: String

    init(_ library: DynamicLibrary) throws(DeviceError) {
        do throws(DynamicLibrary.Failure) {
            nvrtcVersion = try library.function("nvrtcVersion")
            nvrtcCreateProgram = try library.function("nvrtcCreateProgram")
            nvrtcCompileProgram = try library.function("nvrtcCompileProgram")
            nvrtcGetProgramLogSize = try library.function("nvrtcGetProgramLogSize")
            nvrtcGetProgramLog = try library.function("nvrtcGetProgramLog")
            nvrtcGetCUBINSize = try library.function("nvrtcGetCUBINSize")
            nvrtcGetCUBIN = try library.function("nvrtcGetCUBIN")
            nvrtcDestroyProgram = try library.function("nvrtcDestroyProgram")
        } catch {
            throw .unusable("NVRTC is too old: \(error.reason)")
        }
        var (major, minor): (Int32, Int32) = (0, 0)
        _ = nvrtcVersion(&major, &minor)
        version = "\(major).\(minor)"
    }

    /// The machine code of one of the kernels' files, and what the compiler had to say.
    ///
    /// - Parameter architecture: such as `sm_90`.
    func image(
        of source: KernelSource, for architecture: String, options: [String] = []
    ) throws(DeviceError) -> (image: [UInt8], log: String) {
        var program: Program = nil
        let made = withTexts(KernelSource.headers.map(\.text)) { texts in
            withTexts(KernelSource.headers.map(\.name)) { names in
                nvrtcCreateProgram(&program, source.text, source.name, Int32(KernelSource.headers.count), texts, names)
            }
        }
        guard made == 0 else { throw .failed("nvrtcCreateProgram: error (\(made))") }
        defer { _ = nvrtcDestroyProgram(&program) }
        // Products and sums are fused where the source says so and nowhere else.
        let all = ["--gpu-architecture=\(architecture)", "--std=c++17", "--fmad=false"] + options
        let code = withTexts(all) { nvrtcCompileProgram(program, Int32(all.count), $0) }
        let log = self.log(of: program)
        guard code == 0 else {
            let line = log.split(separator: "\n").first { $0.contains("error") } ?? "error (\(code))"
            throw .unusable("NVRTC \(version) cannot compile \(source.name) for \(architecture): \(line)")
        }
        var size = 0
        _ = nvrtcGetCUBINSize(program, &size)
        var image = [UInt8](repeating: 0, count: size)
        _ = image.withUnsafeMutableBytes { nvrtcGetCUBIN(program, $0.baseAddress!) }
        return (image, log)
    }

    private func log(of program: Program) -> String {
        var size = 0
        guard nvrtcGetProgramLogSize(program, &size) == 0 else { return "" }
        var log = [CChar](repeating: 0, count: size + 1)
        _ = nvrtcGetProgramLog(program, &log)
        return String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func withTexts<R>(_ texts: [String], _ body: (Texts) -> R) -> R {
        let bytes = texts.map { Array($0.utf8CString) }
        func go(_ pointers: [UnsafePointer<CChar>?], _ rest: ArraySlice<[CChar]>) -> R {
            guard let first = rest.first else { return pointers.withUnsafeBufferPointer { body($0.baseAddress!) } }
            return first.withUnsafeBufferPointer { go(pointers + [$0.baseAddress], rest.dropFirst()) }
        }
        return go([], bytes[...])
    }
}

/// The kernels' source, which the program carries with it.
struct KernelSource: Sendable {
    let name: String
    let text: String

    private static let all: [KernelSource] = {
        var count = 0
        let files = cuda_kernel_files(&count)
        return (0..<count).map { index in
            KernelSource(name: String(cString: files![index].name), text: String(cString: files![index].text))
        }
    }()

    /// What others include.
    static let headers = all.filter { !$0.name.hasSuffix(".cu") }
    /// For every device.
    static let portable = all.filter { $0.name.hasSuffix(".cu") && $0.name != "hopper.cu" }
    /// For compute capability 9.0 alone.
    static let hopper = all.filter { $0.name == "hopper.cu" }
}
