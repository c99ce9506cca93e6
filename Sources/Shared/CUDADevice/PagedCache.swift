import CCUDAKernels
import Devices
import Locking
import ModelFolders

/// What a page of the cache holds: keys and values of 64 positions in all blocks of a model, float32.
struct PageShape: Hashable, Sendable {
    static let positions: Int = PAGE_POSITIONS

    let blockCount: Int
    /// Floats of a block.
    let blockFloats: Int

    init(_ configuration: ModelConfiguration) {
        let d = configuration.headDimension
        blockCount = configuration.blockCount
        // A key has whole groups of four coordinates.
        blockFloats = configuration.keyValueHeadCount * Self.positions * ((d + 3) / 4 * 4 + d)
    }

    var byteCount: Int { blockCount * blockFloats * MemoryLayout<Float>.stride }

    static func count(positions: Int) -> Int { (positions + Self.positions - 1) / Self.positions }
}

/// The pages of a model's caches: memory is taken from the device in pieces of many, and stays the model's.
final class PagePool: @unchecked Sendable {  // what changes is used under `lock` alone
    let shape: PageShape
    let context: CUDAContext
    private let lock = Lock()
    private var slabs: [DeviceMemory] = []
    private var free: [DeviceAddress] = []

    init(_ shape: PageShape, _ context: CUDAContext) {
        self.shape = shape
        self.context = context
    }

    /// While the device is used.
    func page() throws(DeviceError) -> Page {
        lock.lock()
        defer { lock.unlock() }
        if free.isEmpty { try grow() }
        return Page(free.removeLast(), of: self)
    }

    private func grow() throws(DeviceError) {
        let count = max(1, min(64, (64 << 20) / shape.byteCount))
        let slab = try context.allocate(count * shape.byteCount, purpose: "keys and values")
        slabs.append(slab)
        free = (0..<count).reversed().map { slab.address + UInt64($0 * shape.byteCount) }
    }

    fileprivate func takeBack(_ address: DeviceAddress) { lock.withLock { free.append(address) } }

    /// Bytes of pages that nobody has.
    var freeBytes: Int { lock.withLock { free.count * shape.byteCount } }
}

/// A page, which goes back to its pool with its last owner.
final class Page: Sendable {
    let address: DeviceAddress
    private let pool: PagePool

    fileprivate init(_ address: DeviceAddress, of pool: PagePool) {
        self.address = address
        self.pool = pool
    }

    deinit { pool.takeBack(address) }
}

/// The keys and values of one sequence. Sequences that begin alike share the pages that both have filled.
final class PagedCache: CacheMemory {
    private let pool: PagePool
    private(set) var pages: [Page] = []

    init(_ pool: PagePool) { self.pool = pool }

    var byteCount: Int { pages.count * pool.shape.byteCount }

    func fork(keeping length: Int, for use: KeyValueCache.Use) throws(DeviceError) -> any CacheMemory {
        let copy = PagedCache(pool)
        let full = length / PageShape.positions
        copy.pages = Array(pages[..<full])
        guard length % PageShape.positions > 0 else { return copy }
        let (pool, last) = (pool, pages[full])
        let page = try pool.context.use { () throws(DeviceError) in
            let page = try pool.page()
            try pool.context.copy(pool.shape.byteCount, from: last.address, to: page.address)
            return page
        }
        copy.pages.append(page)
        return copy
    }

    /// Makes room for so many positions in all, while the device is used.
    func reserve(_ positions: Int) throws(DeviceError) {
        while pages.count < PageShape.count(positions: positions) { pages.append(try pool.page()) }
    }
}
