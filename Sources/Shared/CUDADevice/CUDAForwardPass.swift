import CCUDAKernels
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
        results = try PassResults(context)
    }

    private var hidden: Int { configuration.hiddenSize }

    /// Computes `depth` blocks over `parts`, one of each sequence, and of the steps that end here what they ask of their
    /// last token.
    ///
    /// In the last block only the last tokens go on after their keys and values are stored: nothing else is read.
    func run(
        _ parts: [PassRows], of steps: [SequenceStep], _ caches: [PagedCache], depth: Int,
        outputs: inout [SequenceOutput]
    ) throws(DeviceError) {
        var plan = PassPlan(parts, of: steps, pages: parts.map { caches[$0.step].pages.map(\.address) })
        let narrows = PassRows.narrows(parts, of: steps, depth: depth)
        let tiles = addTiles(&plan, depth: depth, narrows: narrows)
        let touches = (0...depth).map { blocks in
            plan.addTouch(
                at: ActivationSite(afterBlocks: blocks),
                narrows && blocks == depth ? plan.lastStream : plan.stream, of: steps, hidden: hidden)
        }
        let stream = narrows ? plan.lastStream : plan.stream
        let groups = depth == configuration.blockCount ? headGroups(stream, of: steps) : []
        let groupRows = groups.map { group in plan.add(rows: group.map { Int32($0.row) }) }
        let base = try upload(plan.tables)
        try results.begin(
            readings: touches.reduce(0) { $0 + ($1?.reads.count ?? 0) }, hidden: hidden, groups: groups, of: steps,
            vocabulary: configuration.vocabularySize)

        try launcher.embed(weights.embedding, plan, base)
        if depth > 0 { try launcher.rotaryTable(plan, base) }
        try touch(touches[0], workspace.residual, base)
        var residual = workspace.residual
        for index in 0..<depth {
            blocksComputed += 1
            let block = PassLauncher.Block(
                weights: weights.blocks[index], offset: index * pageShape.blockFloats,
                window: configuration.arithmetic.windows[index], tiles: tiles[index])
            if narrows && index == depth - 1 {
                try launcher.storeAlone(block, plan, base, residual)
                guard plan.lastStream.rowCount > 0 else { break }
                try launcher.gather(plan, base, from: residual, to: workspace.lastResidual)
                residual = workspace.lastResidual
                try launcher.attendLast(block, plan, base, residual)
            } else {
                try launcher.attend(block, plan, base, residual)
            }
            try launcher.feedForward(block, residual, rows: index == depth - 1 ? stream.rowCount : plan.stream.rowCount)
            try touch(touches[index + 1], residual, base)
        }
        for (group, rows) in zip(groups, groupRows) {
            try launcher.head(weights, rows: rows.address(from: base), count: group.count, residual)
            try results.takeHead(group, of: steps, workspace)
        }
        try results.finish(touches, of: steps, outputs: &outputs)
    }

    /// Of each block; those with the same window share their tiles.
    private func addTiles(_ plan: inout PassPlan, depth: Int, narrows: Bool) -> [PassPlan.Tiles] {
        struct Key: Hashable {
            let window: Int?
            let isLast: Bool
        }
        var known: [Key: PassPlan.Tiles] = [:]
        let group = configuration.headCount / configuration.keyValueHeadCount
        return (0..<depth).map { index in
            let key = Key(window: configuration.arithmetic.windows[index], isLast: narrows && index == depth - 1)
            if let tiles = known[key] { return tiles }
            let tiles = plan.addTiles(ofLast: key.isLast, group: group, window: key.window)
            known[key] = tiles
            return tiles
        }
    }

    /// The rows of last tokens whose head is wanted, in groups that are computed together.
    private func headGroups(_ stream: PassPlan.Stream, of steps: [SequenceStep]) -> [[(step: Int, row: Int)]] {
        let wanted = stream.lastRows.filter { steps[$0.step].head != .none }
        return stride(from: 0, to: wanted.count, by: CUDAWorkspace.headRows).map { begin in
            Array(wanted[begin..<min(begin + CUDAWorkspace.headRows, wanted.count)])
        }
    }

    private func upload(_ tables: PassTables) throws(DeviceError) -> DeviceAddress {
        let count = tables.bytes.count
        if count > tableMemory.device.byteCount {
            let room = count + count / 2
            tableMemory = (
                try context.allocate(room, purpose: "tables of a pass"), try PinnedMemory(room, in: context)
            )
        }
        // A pass ends with a wait, so the pass before has read this memory.
        tables.bytes.withUnsafeBytes { bytes in
            if let from = bytes.baseAddress { tableMemory.pinned.base.copyMemory(from: from, byteCount: count) }
        }
        try context.copy(count, from: UnsafeRawPointer(tableMemory.pinned.base), to: tableMemory.device.address)
        return tableMemory.device.address
    }

    /// Reads and then writes the stream at a site.
    private func touch(_ touch: PassPlan.Touch?, _ residual: DeviceMemory, _ base: DeviceAddress) throws(DeviceError) {
        guard let touch else { return }
        if !touch.reads.isEmpty {
            try context.launch(
                .copyRows, LaunchShape(touch.reads.count),
                copy_rows_arguments(
                    from: residual.address, row: touch.readRow.address(from: base),
                    to: results.nextReadings(touch.reads.count), columns: Int32(hidden)))
        }
        guard touch.writes > 0 else { return }
        try context.launch(
            .inject, LaunchShape(touch.writes),
            inject_arguments(
                residual: residual.address, row: touch.writeRow.address(from: base),
                operation: touch.operation.address(from: base), count: touch.count.address(from: base),
                vectors: touch.vectors.address(from: base), columns: Int32(hidden)))
    }
}
