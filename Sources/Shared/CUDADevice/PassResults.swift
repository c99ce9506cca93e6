import Devices

/// What comes back from a pass: gathered on the device, copied while it goes on, read after one wait.
struct PassResults {
    private let context: CUDAContext
    private var readings: DeviceMemory
    private var pinned: PinnedMemory
    private var hidden = 0
    private var vocabulary = 0
    private var readingRows = 0
    private var nextRow = 0
    /// Where in `pinned` the next value goes, in bytes.
    private var end = 0
    private var heads: [(step: Int, finalNorm: Int?, logits: Int?, token: Int?)] = []

    init(_ context: CUDAContext) throws(DeviceError) {
        self.context = context
        readings = try context.allocate(1 << 12, purpose: "readings")
        pinned = try PinnedMemory(1 << 16, in: context)
    }

    /// Makes room for what the pass will give.
    mutating func begin(
        readings rows: Int, hidden: Int, groups: [[(step: Int, row: Int)]], of steps: [SequenceStep], vocabulary: Int
    ) throws(DeviceError) {
        (self.hidden, self.vocabulary) = (hidden, vocabulary)
        (readingRows, nextRow, end, heads) = (rows, 0, rows * hidden * 4, [])
        var bytes = end
        for group in groups {
            bytes += group.count * (hidden + 1) * 4
            bytes += group.filter { steps[$0.step].head == .logits }.count * vocabulary * 4
        }
        if rows * hidden * 4 > readings.byteCount {
            readings = try context.allocate(rows * hidden * 4, purpose: "readings")
        }
        if bytes > pinned.byteCount { pinned = try PinnedMemory(bytes, in: context) }
    }

    /// Where so many rows of readings go.
    mutating func nextReadings(_ rows: Int) -> DeviceAddress {
        defer { nextRow += rows }
        return readings.address + UInt64(nextRow * hidden * 4)
    }

    /// Copies what the head gave for a group of rows.
    mutating func takeHead(
        _ group: [(step: Int, row: Int)], of steps: [SequenceStep], _ workspace: CUDAWorkspace
    ) throws(DeviceError) {
        for (row, last) in group.enumerated() {
            let step = steps[last.step]
            var (finalNorm, logits, token): (Int?, Int?, Int?)
            if step.readsFinalNorm { finalNorm = try take(workspace.headNormed.wide, row, hidden * 4) }
            switch step.head {
            case .none: break
            case .logits: logits = try take(workspace.logits, row, vocabulary * 4)
            case .greedyToken: token = try take(workspace.tokens, row, 4)
            }
            heads.append((last.step, finalNorm, logits, token))
        }
    }

    private mutating func take(_ memory: DeviceMemory, _ row: Int, _ bytes: Int) throws(DeviceError) -> Int {
        try context.copy(bytes, from: memory.address + UInt64(row * bytes), to: pinned.base + end)
        defer { end += bytes }
        return end
    }

    /// Waits for the device, and hands out.
    mutating func finish(
        _ touches: [PassPlan.Touch?], of steps: [SequenceStep], outputs: inout [SequenceOutput]
    ) throws(DeviceError) {
        if readingRows > 0 { try context.copy(readingRows * hidden * 4, from: readings.address, to: pinned.base) }
        try context.wait()
        for (row, read) in touches.compactMap({ $0 }).flatMap(\.reads).enumerated() {
            if outputs[read.step].activations.isEmpty {
                outputs[read.step].activations = Array(repeating: [], count: steps[read.step].readings.count)
            }
            outputs[read.step].activations[read.slot] += floats(row * hidden * 4, hidden)
        }
        for head in heads {
            if let place = head.finalNorm { outputs[head.step].finalNorm = floats(place, hidden) }
            if let place = head.logits { outputs[head.step].logits = floats(place, vocabulary) }
            if let place = head.token {
                outputs[head.step].greedyToken = pinned.base.load(fromByteOffset: place, as: Int32.self)
            }
        }
    }

    private func floats(_ place: Int, _ count: Int) -> [Float] {
        Array(
            UnsafeBufferPointer(start: (pinned.base + place).assumingMemoryBound(to: Float.self), count: count))
    }
}
