import CCUDAKernels
import Devices

/// An address in a device's memory.
typealias DeviceAddress = UInt64
/// A context, stream, event, module or function of the driver.
typealias DriverHandle = UnsafeMutableRawPointer

/// The functions of the driver's library that are used (NVIDIA, CUDA Driver API), by the names of its binary interface.
/// Nothing of CUDA is needed to build this.
struct CUDADriver: Sendable {
    private typealias Out<T> = UnsafeMutablePointer<T>
    private typealias Handle = DriverHandle?

    private let cuInit: @Sendable @convention(c) (UInt32) -> Int32
    private let cuDriverGetVersion: @Sendable @convention(c) (Out<Int32>) -> Int32
    private let cuGetErrorName: @Sendable @convention(c) (Int32, Out<UnsafePointer<CChar>?>) -> Int32
    private let cuDeviceGetCount: @Sendable @convention(c) (Out<Int32>) -> Int32
    private let cuDeviceGet: @Sendable @convention(c) (Out<Int32>, Int32) -> Int32
    private let cuDeviceGetName: @Sendable @convention(c) (Out<CChar>, Int32, Int32) -> Int32
    private let cuDeviceTotalMem: @Sendable @convention(c) (Out<Int>, Int32) -> Int32
    private let cuDeviceGetAttribute: @Sendable @convention(c) (Out<Int32>, Int32, Int32) -> Int32
    private let cuDevicePrimaryCtxRetain: @Sendable @convention(c) (Out<Handle>, Int32) -> Int32
    private let cuCtxSetCurrent: @Sendable @convention(c) (Handle) -> Int32
    private let cuMemGetInfo: @Sendable @convention(c) (Out<Int>, Out<Int>) -> Int32
    private let cuMemAlloc: @Sendable @convention(c) (Out<DeviceAddress>, Int) -> Int32
    private let cuMemFree: @Sendable @convention(c) (DeviceAddress) -> Int32
    private let cuMemHostAlloc: @Sendable @convention(c) (Out<Handle>, Int, UInt32) -> Int32
    private let cuMemFreeHost: @Sendable @convention(c) (Handle) -> Int32
    private let cuMemcpyHtoDAsync: @Sendable @convention(c) (DeviceAddress, UnsafeRawPointer, Int, Handle) -> Int32
    private let cuMemcpyDtoHAsync: @Sendable @convention(c) (Handle, DeviceAddress, Int, Handle) -> Int32
    private let cuMemcpyDtoDAsync: @Sendable @convention(c) (DeviceAddress, DeviceAddress, Int, Handle) -> Int32
    private let cuMemsetD8Async: @Sendable @convention(c) (DeviceAddress, UInt8, Int, Handle) -> Int32
    private let cuModuleLoadData: @Sendable @convention(c) (Out<Handle>, UnsafeRawPointer) -> Int32
    private let cuModuleGetFunction: @Sendable @convention(c) (Out<Handle>, Handle, UnsafePointer<CChar>) -> Int32
    private let cuFuncSetAttribute: @Sendable @convention(c) (Handle, Int32, Int32) -> Int32
    private let cuLaunchKernel:
        @Sendable @convention(c) (
            Handle, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Handle, Out<Handle>, Out<Handle>?
        ) -> Int32
    private let cuLaunchKernelEx:
        (
            @Sendable @convention(c) (
                UnsafePointer<CUDALaunchConfiguration>, Handle, Out<Handle>, Out<Handle>?
            ) -> Int32
        )?
    private let cuStreamCreate: @Sendable @convention(c) (Out<Handle>, UInt32) -> Int32
    private let cuStreamSynchronize: @Sendable @convention(c) (Handle) -> Int32
    private let cuStreamBeginCapture: @Sendable @convention(c) (Handle, Int32) -> Int32
    private let cuStreamEndCapture: @Sendable @convention(c) (Handle, Out<Handle>) -> Int32
    private let cuGraphInstantiate: @Sendable @convention(c) (Out<Handle>, Handle, UInt64) -> Int32
    private let cuGraphLaunch: @Sendable @convention(c) (Handle, Handle) -> Int32
    private let cuGraphDestroy: @Sendable @convention(c) (Handle) -> Int32
    private let cuGraphExecDestroy: @Sendable @convention(c) (Handle) -> Int32
    private let cuEventCreate: @Sendable @convention(c) (Out<Handle>, UInt32) -> Int32
    private let cuEventRecord: @Sendable @convention(c) (Handle, Handle) -> Int32
    private let cuEventSynchronize: @Sendable @convention(c) (Handle) -> Int32
    private let cuEventElapsedTime: @Sendable @convention(c) (Out<Float>, Handle, Handle) -> Int32

    /// What the driver runs at most, as 1000 · major + 10 · minor.
    let version: Int

    /// Finds the functions and starts the driver.
    init(_ library: DynamicLibrary) throws(DeviceError) {
        do throws(DynamicLibrary.Failure) {
            cuInit = try library.function("cuInit")
            cuDriverGetVersion = try library.function("cuDriverGetVersion")
            cuGetErrorName = try library.function("cuGetErrorName")
            cuDeviceGetCount = try library.function("cuDeviceGetCount")
            cuDeviceGet = try library.function("cuDeviceGet")
            cuDeviceGetName = try library.function("cuDeviceGetName")
            cuDeviceTotalMem = try library.function("cuDeviceTotalMem_v2")
            cuDeviceGetAttribute = try library.function("cuDeviceGetAttribute")
            cuDevicePrimaryCtxRetain = try library.function("cuDevicePrimaryCtxRetain")
            cuCtxSetCurrent = try library.function("cuCtxSetCurrent")
            cuMemGetInfo = try library.function("cuMemGetInfo_v2")
            cuMemAlloc = try library.function("cuMemAlloc_v2")
            cuMemFree = try library.function("cuMemFree_v2")
            cuMemHostAlloc = try library.function("cuMemHostAlloc")
            cuMemFreeHost = try library.function("cuMemFreeHost")
            cuMemcpyHtoDAsync = try library.function("cuMemcpyHtoDAsync_v2")
            cuMemcpyDtoHAsync = try library.function("cuMemcpyDtoHAsync_v2")
            cuMemcpyDtoDAsync = try library.function("cuMemcpyDtoDAsync_v2")
            cuMemsetD8Async = try library.function("cuMemsetD8Async")
            cuModuleLoadData = try library.function("cuModuleLoadData")
            cuModuleGetFunction = try library.function("cuModuleGetFunction")
            cuFuncSetAttribute = try library.function("cuFuncSetAttribute")
            cuLaunchKernel = try library.function("cuLaunchKernel")
            cuLaunchKernelEx = try? library.function("cuLaunchKernelEx")
            cuStreamCreate = try library.function("cuStreamCreate")
            cuStreamSynchronize = try library.function("cuStreamSynchronize")
            cuStreamBeginCapture = try library.function("cuStreamBeginCapture_v2")
            cuStreamEndCapture = try library.function("cuStreamEndCapture")
            cuGraphInstantiate = try library.function("cuGraphInstantiateWithFlags")
            cuGraphLaunch = try library.function("cuGraphLaunch")
            cuGraphDestroy = try library.function("cuGraphDestroy")
            cuGraphExecDestroy = try library.function("cuGraphExecDestroy")
            cuEventCreate = try library.function("cuEventCreate")
            cuEventRecord = try library.function("cuEventRecord")
            cuEventSynchronize = try library.function("cuEventSynchronize")
            cuEventElapsedTime = try library.function("cuEventElapsedTime")
        } catch {
            throw .unusable("the NVIDIA driver is too old: \(error.reason)")
        }
        var found: Int32 = 0
        _ = cuDriverGetVersion(&found)
        version = Int(found)
        try check(cuInit(0), "cuInit")
    }

    private func check(_ code: Int32, _ call: String) throws(DeviceError) {
        guard code != 0 else { return }
        var name: UnsafePointer<CChar>?
        let known = cuGetErrorName(code, &name) == 0 ? name.map { String(cString: $0) } : nil
        throw .failed("\(call): \(known ?? "error") (\(code))")
    }

    // MARK: Devices

    func deviceCount() throws(DeviceError) -> Int {
        var count: Int32 = 0
        try check(cuDeviceGetCount(&count), "cuDeviceGetCount")
        return Int(count)
    }

    func device(_ ordinal: Int) throws(DeviceError) -> Int32 {
        var device: Int32 = 0
        try check(cuDeviceGet(&device, Int32(ordinal)), "cuDeviceGet")
        return device
    }

    func name(of device: Int32) throws(DeviceError) -> String {
        var name = [CChar](repeating: 0, count: 256)
        try check(cuDeviceGetName(&name, Int32(name.count), device), "cuDeviceGetName")
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func memory(of device: Int32) throws(DeviceError) -> Int {
        var bytes = 0
        try check(cuDeviceTotalMem(&bytes, device), "cuDeviceTotalMem")
        return bytes
    }

    /// Numbers of the driver's interface.
    enum Attribute: Int32 {
        case processors = 16
        case capabilityMajor = 75
        case capabilityMinor = 76
        /// Bytes of shared memory that a block may ask for.
        case sharedMemory = 97
    }

    func attribute(_ attribute: Attribute, of device: Int32) throws(DeviceError) -> Int {
        var value: Int32 = 0
        try check(cuDeviceGetAttribute(&value, attribute.rawValue, device), "cuDeviceGetAttribute")
        return Int(value)
    }

    /// The context that all users of a device in this process share.
    func context(of device: Int32) throws(DeviceError) -> DriverHandle {
        try make("cuDevicePrimaryCtxRetain") { cuDevicePrimaryCtxRetain(&$0, device) }
    }

    /// What follows on this thread is about this context's device.
    func enter(_ context: DriverHandle) throws(DeviceError) { try check(cuCtxSetCurrent(context), "cuCtxSetCurrent") }

    // MARK: Memory

    func freeMemory() throws(DeviceError) -> Int {
        var (free, total) = (0, 0)
        try check(cuMemGetInfo(&free, &total), "cuMemGetInfo")
        return free
    }

    /// - Parameter purpose: what an error says that it was for.
    func allocate(_ bytes: Int, purpose: String) throws(DeviceError) -> DeviceAddress {
        var address: DeviceAddress = 0
        let code = cuMemAlloc(&address, max(bytes, 1))
        if code == Self.outOfMemory { throw .outOfMemory(bytes: bytes, purpose: "\(purpose) on the GPU") }
        try check(code, "cuMemAlloc")
        return address
    }

    private static let outOfMemory: Int32 = 2

    /// What cannot be freed belongs to a device that is lost.
    func free(_ address: DeviceAddress) { _ = cuMemFree(address) }

    /// Memory of this process that the device copies from and to by itself.
    func allocatePinned(_ bytes: Int) throws(DeviceError) -> UnsafeMutableRawPointer {
        var memory: Handle = nil
        let code = cuMemHostAlloc(&memory, max(bytes, 1), 0)
        if code == Self.outOfMemory { throw .outOfMemory(bytes: bytes, purpose: "copies to and from the GPU") }
        try check(code, "cuMemHostAlloc")
        guard let memory else { throw .failed("cuMemHostAlloc: no memory") }
        return memory
    }

    func freePinned(_ memory: UnsafeMutableRawPointer) { _ = cuMemFreeHost(memory) }

    func copy(_ bytes: Int, from: UnsafeRawPointer, to: DeviceAddress, _ stream: DriverHandle) throws(DeviceError) {
        try check(cuMemcpyHtoDAsync(to, from, bytes, stream), "cuMemcpyHtoDAsync")
    }

    func copy(_ bytes: Int, from: DeviceAddress, to: UnsafeMutableRawPointer, _ stream: DriverHandle)
        throws(DeviceError)
    {
        try check(cuMemcpyDtoHAsync(to, from, bytes, stream), "cuMemcpyDtoHAsync")
    }

    func copy(_ bytes: Int, from: DeviceAddress, to: DeviceAddress, _ stream: DriverHandle) throws(DeviceError) {
        try check(cuMemcpyDtoDAsync(to, from, bytes, stream), "cuMemcpyDtoDAsync")
    }

    func fill(_ address: DeviceAddress, _ bytes: Int, with value: UInt8, _ stream: DriverHandle) throws(DeviceError) {
        try check(cuMemsetD8Async(address, value, bytes, stream), "cuMemsetD8Async")
    }

    // MARK: Kernels

    func module(_ image: [UInt8]) throws(DeviceError) -> DriverHandle {
        try make("cuModuleLoadData") { module in image.withUnsafeBytes { cuModuleLoadData(&module, $0.baseAddress!) } }
    }

    func function(_ name: String, in module: DriverHandle) throws(DeviceError) -> DriverHandle {
        try make("cuModuleGetFunction") { cuModuleGetFunction(&$0, module, name) }
    }

    /// Lets the function's blocks ask for so many bytes of shared memory.
    func allow(_ bytes: Int, of function: DriverHandle) throws(DeviceError) {
        let maximumDynamicSharedSize: Int32 = 8
        try check(cuFuncSetAttribute(function, maximumDynamicSharedSize, Int32(bytes)), "cuFuncSetAttribute")
    }

    /// - Parameters:
    ///   - isEarly: whether its blocks may be placed before the kernel before has ended, for which they wait themselves.
    ///   - argument: the kernel's one argument, which is copied.
    func launch(
        _ function: DriverHandle, _ shape: LaunchShape, _ stream: DriverHandle, isEarly: Bool,
        argument: UnsafeMutableRawPointer
    ) throws(DeviceError) {
        var arguments: Handle = argument
        if isEarly, let launch = cuLaunchKernelEx {
            // "Programmatic stream serialization".
            var attribute = CUDALaunchAttribute()
            (attribute.name, attribute.value) = (6, 1)
            let code = withUnsafePointer(to: attribute) { attribute in
                var configuration = CUDALaunchConfiguration()
                configuration.grid = (UInt32(shape.grid.x), UInt32(shape.grid.y), UInt32(shape.grid.z))
                configuration.block = (UInt32(shape.threads), 1, 1)
                configuration.sharedBytes = UInt32(shape.sharedBytes)
                configuration.stream = stream
                configuration.attributes = attribute
                configuration.attributeCount = 1
                return launch(&configuration, function, &arguments, nil)
            }
            return try check(code, "cuLaunchKernelEx")
        }
        let (grid, threads) = (shape.grid, UInt32(shape.threads))
        try check(
            cuLaunchKernel(
                function, UInt32(grid.x), UInt32(grid.y), UInt32(grid.z), threads, 1, 1, UInt32(shape.sharedBytes),
                stream, &arguments, nil), "cuLaunchKernel")
    }

    // MARK: Streams

    func stream() throws(DeviceError) -> DriverHandle {
        // It does not wait for the default stream.
        try make("cuStreamCreate") { cuStreamCreate(&$0, 1) }
    }

    /// Waits until all that was asked for has happened. What went wrong on the device shows here.
    func wait(for stream: DriverHandle) throws(DeviceError) {
        try check(cuStreamSynchronize(stream), "cuStreamSynchronize")
    }

    // MARK: Graphs

    /// What is asked of the stream from now on does not happen, but becomes a graph.
    func beginCapture(_ stream: DriverHandle) throws(DeviceError) {
        // "Relaxed": what other threads ask of other streams is theirs.
        try check(cuStreamBeginCapture(stream, 2), "cuStreamBeginCapture")
    }

    /// What was asked of the stream meanwhile, ready to be launched.
    func endCapture(_ stream: DriverHandle) throws(DeviceError) -> DriverHandle {
        let graph = try make("cuStreamEndCapture") { cuStreamEndCapture(stream, &$0) }
        defer { _ = cuGraphDestroy(graph) }
        return try make("cuGraphInstantiateWithFlags") { cuGraphInstantiate(&$0, graph, 0) }
    }

    /// Ends a capture that has failed, whose graph nobody wants.
    func giveUpCapture(_ stream: DriverHandle) {
        var graph: Handle = nil
        if cuStreamEndCapture(stream, &graph) == 0, graph != nil { _ = cuGraphDestroy(graph) }
    }

    func launch(graph: DriverHandle, _ stream: DriverHandle) throws(DeviceError) {
        try check(cuGraphLaunch(graph, stream), "cuGraphLaunch")
    }

    /// What cannot be freed belongs to a device that is lost.
    func free(graph: DriverHandle) { _ = cuGraphExecDestroy(graph) }

    // MARK: Events

    func event() throws(DeviceError) -> DriverHandle { try make("cuEventCreate") { cuEventCreate(&$0, 0) } }

    func record(_ event: DriverHandle, in stream: DriverHandle) throws(DeviceError) {
        try check(cuEventRecord(event, stream), "cuEventRecord")
    }

    func wait(forEvent event: DriverHandle) throws(DeviceError) {
        try check(cuEventSynchronize(event), "cuEventSynchronize")
    }

    func seconds(from first: DriverHandle, to last: DriverHandle) throws(DeviceError) -> Double {
        var milliseconds: Float = 0
        try check(cuEventElapsedTime(&milliseconds, first, last), "cuEventElapsedTime")
        return Double(milliseconds) / 1000
    }

    private func make(_ call: String, _ body: (inout Handle) -> Int32) throws(DeviceError) -> DriverHandle {
        var made: Handle = nil
        try check(body(&made), call)
        guard let made else { throw .failed("\(call): nothing was made") }
        return made
    }
}

/// How many blocks of how many threads run, and the shared memory of a block.
struct LaunchShape {
    var grid: (x: Int, y: Int, z: Int)
    var threads: Int
    var sharedBytes: Int

    init(_ x: Int, _ y: Int = 1, _ z: Int = 1, threads: Int = 256, sharedBytes: Int = 0) {
        grid = (x, y, z)
        self.threads = threads
        self.sharedBytes = sharedBytes
    }
}
