import CCUDAKernels
import Devices
import Locking

/// One device as this process uses it: its kernels, its memory and one stream, in which everything happens in order.
final class CUDAContext: @unchecked Sendable {  // what changes is used under `lock` or `garbageLock` alone
    let driver: CUDADriver
    let architecture: Architecture
    /// Bytes of shared memory that a block may ask for.
    let sharedMemory: Int
    private let context: DriverHandle
    private let stream: DriverHandle
    private let lock = Lock()
    private var functions: [Kernel: DriverHandle] = [:]
    /// Multiprocessors.
    let processors: Int
    /// Whether the kernels of compute capability 9.0 are used. The self-test decides.
    private var usesHopper = false
    private let garbageLock = Lock()
    private var garbage: [Garbage] = []

    private enum Garbage {
        case device(DeviceAddress)
        case pinned(UnsafeMutableRawPointer)
        case graph(DriverHandle)
    }

    /// A compute capability.
    struct Architecture: Hashable, Sendable, CustomStringConvertible {
        let major: Int
        let minor: Int
        var description: String { "\(major).\(minor)" }
        var name: String { "sm_\(major)\(minor)" }
    }

    /// Compiles the kernels for the device and loads them.
    init(_ driver: CUDADriver, _ compiler: KernelCompiler, ordinal: Int) throws(DeviceError) {
        self.driver = driver
        let device = try driver.device(ordinal)
        architecture = try Self.architecture(driver, device)
        sharedMemory = try driver.attribute(.sharedMemory, of: device)
        processors = try driver.attribute(.processors, of: device)
        context = try driver.context(of: device)
        try driver.enter(context)
        stream = try driver.stream()
        try load(KernelSource.portable, for: architecture.name, compiler)
        if hasHopper { try load(KernelSource.hopper, for: "\(architecture.name)a", compiler) }
    }

    /// Whether the device has the instructions of compute capability 9.0, which later ones do not have.
    var hasHopper: Bool { architecture.major == 9 && architecture.minor == 0 }

    private func load(
        _ sources: [KernelSource], for name: String, _ compiler: KernelCompiler
    ) throws(DeviceError) {
        for source in sources {
            let module = try driver.module(try compiler.image(of: source, for: name).image)
            for kernel in Kernel.allCases where source.text.contains(") \(kernel.rawValue)(const ") {
                let function = try driver.function(kernel.rawValue, in: module)
                functions[kernel] = function
                // What is left is for a kernel's own variables.
                if kernel.usesDynamicMemory { try driver.allow(min(sharedMemory - 1024, 200 << 10), of: function) }
            }
        }
    }

    static func architecture(_ driver: CUDADriver, _ device: Int32) throws(DeviceError) -> Architecture {
        Architecture(
            major: try driver.attribute(.capabilityMajor, of: device),
            minor: try driver.attribute(.capabilityMinor, of: device))
    }

    /// Runs `body`, on this thread, while nobody else uses the device.
    func use<R>(_ body: () throws(DeviceError) -> R) throws(DeviceError) -> R {
        lock.lock()
        defer { lock.unlock() }
        try driver.enter(context)
        try freeGarbage()
        return try body()
    }

    /// The same for errors of any type.
    func using<R>(_ body: () throws -> R) throws -> R {
        try use { () throws(DeviceError) in Result { try body() } }.get()
    }

    private func function(_ kernel: Kernel) throws(DeviceError) -> DriverHandle {
        guard let function = functions[kernel] else { throw .failed("no kernel \(kernel.rawValue)") }
        return function
    }

    // MARK: While it is used

    /// Takes the kernels of compute capability 9.0 where there are many rows, or no longer.
    func use(hopper: Bool) { usesHopper = hopper }

    /// A product of bfloat16.
    func launch(_ product: linear_arguments) throws(DeviceError) {
        try launch(
            product,
            with: .best(
                rows: Int(product.rows), outputs: Int(product.outputs), hopper: usesHopper ? processors : nil))
    }

    func launch(_ product: linear_arguments, with linear: LinearKernel) throws(DeviceError) {
        try launch(linear.kernel, linear.shape(rows: Int(product.rows), outputs: Int(product.outputs)), product)
    }

    func launch<A>(_ kernel: Kernel, _ shape: LaunchShape, _ argument: A) throws(DeviceError) {
        let function = try function(kernel)
        guard shape.grid.x > 0, shape.grid.y > 0 else { return }
        var argument = argument
        try withUnsafeMutablePointer(to: &argument) { (pointer) throws(DeviceError) in
            try driver.launch(function, shape, stream, isEarly: architecture.major >= 9, argument: pointer)
        }
    }

    func allocate(_ bytes: Int, purpose: String) throws(DeviceError) -> DeviceMemory {
        DeviceMemory(try driver.allocate(bytes, purpose: purpose), byteCount: bytes, in: self)
    }

    /// Memory of zeros.
    func zeros(_ bytes: Int, purpose: String) throws(DeviceError) -> DeviceMemory {
        let memory = try allocate(bytes, purpose: purpose)
        try driver.fill(memory.address, bytes, with: 0, stream)
        return memory
    }

    func fill(_ memory: DeviceMemory, with value: UInt8) throws(DeviceError) {
        try driver.fill(memory.address, memory.byteCount, with: value, stream)
    }

    func copy(_ bytes: Int, from: UnsafeRawPointer, to: DeviceAddress) throws(DeviceError) {
        try driver.copy(bytes, from: from, to: to, stream)
    }

    func copy(_ bytes: Int, from: DeviceAddress, to: UnsafeMutableRawPointer) throws(DeviceError) {
        try driver.copy(bytes, from: from, to: to, stream)
    }

    func copy(_ bytes: Int, from: DeviceAddress, to: DeviceAddress) throws(DeviceError) {
        try driver.copy(bytes, from: from, to: to, stream)
    }

    func record(_ event: DriverHandle) throws(DeviceError) { try driver.record(event, in: stream) }

    /// Whether launches can be recorded as they are made here: early ones since CUDA 12.3.
    var recordsLaunches: Bool { driver.version >= 12030 }

    /// Records what `launches` asks of the device, which does not happen.
    func record(_ launches: () throws(DeviceError) -> Void) throws(DeviceError) -> LaunchGraph {
        try driver.beginCapture(stream)
        do throws(DeviceError) {
            try launches()
        } catch {
            driver.giveUpCapture(stream)
            throw error
        }
        return LaunchGraph(try driver.endCapture(stream), in: self)
    }

    func replay(_ graph: LaunchGraph) throws(DeviceError) { try driver.launch(graph: graph.handle, stream) }

    /// Waits until all that was asked for has happened.
    func wait() throws(DeviceError) { try driver.wait(for: stream) }

    /// Values in the device's memory, copied there; they are there for what follows.
    func upload<T>(_ values: [T], purpose: String) throws(DeviceError) -> DeviceMemory {
        let memory = try allocate(values.count * MemoryLayout<T>.stride, purpose: purpose)
        let copied = values.withUnsafeBytes { bytes -> Result<Void, DeviceError> in
            Result { () throws(DeviceError) in
                if let base = bytes.baseAddress { try copy(bytes.count, from: base, to: memory.address) }
                // Pageable memory may be read later than this call returns.
                try wait()
            }
        }
        try copied.get()
        return memory
    }

    // MARK: At any time

    /// Frees memory when the device is used next.
    func discard(_ address: DeviceAddress) { garbageLock.withLock { garbage.append(.device(address)) } }
    func discard(pinned memory: UnsafeMutableRawPointer) { garbageLock.withLock { garbage.append(.pinned(memory)) } }
    func discard(graph: DriverHandle) { garbageLock.withLock { garbage.append(.graph(graph)) } }

    private func freeGarbage() throws(DeviceError) {
        let pieces = garbageLock.withLock {
            defer { garbage = [] }
            return garbage
        }
        guard !pieces.isEmpty else { return }
        // Where work was given up, copies may be under way.
        try wait()
        for piece in pieces {
            switch piece {
            case .device(let address): driver.free(address)
            case .pinned(let memory): driver.freePinned(memory)
            case .graph(let graph): driver.free(graph: graph)
            }
        }
    }
}

/// Memory of the device, freed with its owner.
final class DeviceMemory: Sendable {
    let address: DeviceAddress
    let byteCount: Int
    private let context: CUDAContext

    init(_ address: DeviceAddress, byteCount: Int, in context: CUDAContext) {
        self.address = address
        self.byteCount = byteCount
        self.context = context
    }

    deinit { context.discard(address) }
}

/// Memory of this process that the device copies from and to by itself, freed with its owner.
final class PinnedMemory {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    private let context: CUDAContext

    /// While the device is used.
    init(_ byteCount: Int, in context: CUDAContext) throws(DeviceError) {
        self.context = context
        self.byteCount = byteCount
        base = try context.driver.allocatePinned(byteCount)
    }

    deinit { context.discard(pinned: base) }
}

/// Launches and copies that were recorded, to be asked for as one; freed with its owner.
final class LaunchGraph {
    fileprivate let handle: DriverHandle
    private let context: CUDAContext

    fileprivate init(_ handle: DriverHandle, in context: CUDAContext) {
        self.handle = handle
        self.context = context
    }

    deinit { context.discard(graph: handle) }
}
