import Devices

/// Passes that come again and again, as those of answers that are being written do: the launches of a layout are
/// recorded when it comes for the second time, and are one launch from then on.
struct PassGraphs {
    /// A graph holds some hundred launches, a few hundred kilobytes.
    private static let most = 32
    /// What is read at length has launches that take longer than to ask for them.
    private static let mostRows = 64

    private struct Entry {
        var graph: LaunchGraph?
        var lastUse: Int
    }
    private let context: CUDAContext
    private var entries: [PassLayout: Entry] = [:]
    private var uses = 0

    init(_ context: CUDAContext) { self.context = context }

    /// Does what `launches` asks of the device, which depends on the layout alone and allocates nothing.
    mutating func run(
        _ layout: PassLayout, _ launches: () throws(DeviceError) -> Void
    ) throws(DeviceError) {
        guard context.recordsLaunches, layout.rowCount <= Self.mostRows else { return try launches() }
        uses += 1
        guard let entry = entries[layout] else {
            makeRoom()
            entries[layout] = Entry(lastUse: uses)
            return try launches()
        }
        let graph = if let graph = entry.graph { graph } else { try context.record(launches) }
        entries[layout] = Entry(graph: graph, lastUse: uses)
        try context.replay(graph)
    }

    private mutating func makeRoom() {
        guard entries.count == Self.most, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return
        }
        entries[oldest.key] = nil
    }

    /// Forgets all: memory that launches name has moved.
    mutating func forget() { entries = [:] }
}
