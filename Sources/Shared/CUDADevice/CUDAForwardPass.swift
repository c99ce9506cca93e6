import Devices
import ModelFolders
import Run

/// The arithmetic of a model over one batch of rows, block by block: launches, and one wait at the end.
final class CUDAForwardPass {
    let configuration: ModelConfiguration
    private let weights: CUDAWeights
    private let workspace: CUDAWorkspace
    private let launcher: PassLauncher
    private let context: CUDAContext
    private let pageShape: PageShape
    /// Blocks computed so far, over all passes.
    private(set) var blocksComputed = 0
    private var tableMemory: (device: DeviceMemory, pinned: PinnedMemory)
    private var results: PassResults
    private var graphs: PassGraphs

    /// While the device is used.
    init(
        _ configuration: ModelConfiguration, _ weights: CUDAWeights, rowLimit: Int, _ context: CUDAContext
    ) throws(DeviceError) {
        self.configuration = configuration
        self.weights = weights
        self.context = context
        pageShape = PageShape(configuration)
        workspace = try CUDAWorkspace(configuration, rows: rowLimit, context)
        launcher = try PassLauncher(configuration, workspace, context)
        tableMemory = (
            try context.allocate(1 << 16, purpose: "tables of a pass"), try PinnedMemory(1 << 16, in: context)
        )
        results = try PassResults(
            hidden: configuration.hiddenSize, vocabulary: configuration.vocabularySize, context)
        graphs = PassGraphs(context)
    }

    /// Computes `depth` blocks over `parts`, one of each sequence, and what the steps ask of those tokens.
    func run(
        _ parts: [PassRows], of steps: [SequenceStep], _ caches: [PagedCache], depth: Int,
        outputs: inout [SequenceOutput]
    ) throws(DeviceError) {
        let plan = PassPlan(
            parts, of: steps, pages: parts.map { caches[$0.step].pages.map(\.address) }, depth: depth, configuration,
            headRows: CUDAWorkspace.headRows)
        let layout = plan.layout
        blocksComputed += depth
        if try results.makeRoom(for: layout) { graphs.forget() }
        let base = try upload(plan.tables)
        let launches = { [self] () throws(DeviceError) in try launch(layout, base) }
        if layout.tiles.allSatisfy(launcher.holdsScores) {
            try graphs.run(layout, launches)
        } else {
            try launches()
        }
        try results.finish(plan, of: steps, outputs: &outputs)
    }

    /// All that a pass asks of the device, but for its tables.
    ///
    /// - Parameter base: where the tables lie.
    private func launch(_ layout: PassLayout, _ base: DeviceAddress) throws(DeviceError) {
        try launcher.embed(weights.embedding, layout, base)
        if layout.depth > 0 { try launcher.rotaryTable(layout, base) }
        var residual = workspace.residual
        try launcher.touch(layout.touches[0], base, residual, results)
        for index in 0..<layout.depth {
            let block = PassLauncher.Block(
                weights: weights.blocks[index], offset: index * pageShape.blockFloats,
                window: configuration.arithmetic.windows[index], tiles: layout.tiles[index])
            let isLast = index == layout.depth - 1
            if layout.narrows && isLast {
                try launcher.storeAlone(block, layout, base, residual)
                guard layout.lastRowCount > 0 else { break }
                try launcher.gather(layout, base, from: residual, to: workspace.lastResidual)
                residual = workspace.lastResidual
                try launcher.attendLast(block, layout, base, residual)
            } else {
                try launcher.attend(block, layout, base, residual)
            }
            try launcher.feedForward(block, residual, rows: isLast ? layout.endRowCount : layout.rowCount)
            try launcher.touch(layout.touches[index + 1], base, residual, results)
        }
        for (index, head) in layout.heads.enumerated() {
            try launcher.head(head, weights, base, residual, results)
            try results.takeHead(index, of: layout, workspace)
        }
        try results.takeGathered(layout)
    }

    private func upload(_ tables: PassTables) throws(DeviceError) -> DeviceAddress {
        let count = tables.bytes.count
        if count > tableMemory.device.byteCount {
            let room = count + count / 2
            tableMemory = (
                try context.allocate(room, purpose: "tables of a pass"), try PinnedMemory(room, in: context)
            )
            graphs.forget()
        }
        // A pass ends with a wait, so the pass before has read this memory.
        tables.bytes.withUnsafeBytes { bytes in
            if let from = bytes.baseAddress { tableMemory.pinned.base.copyMemory(from: from, byteCount: count) }
        }
        try context.copy(count, from: UnsafeRawPointer(tableMemory.pinned.base), to: tableMemory.device.address)
        return tableMemory.device.address
    }
}
