import Devices

/// What comes back from a pass: gathered on the device, copied while it goes on, read after one wait.
struct PassResults {
    private let context: CUDAContext
    private let hidden, vocabulary: Int
    private var readings: DeviceMemory
    private var pinned: PinnedMemory

    init(hidden: Int, vocabulary: Int, _ context: CUDAContext) throws(DeviceError) {
        self.context = context
        (self.hidden, self.vocabulary) = (hidden, vocabulary)
        readings = try context.allocate(1 << 12, purpose: "readings")
        pinned = try PinnedMemory(1 << 16, in: context)
    }

    /// Where in the pinned memory the results of a layout go, in bytes from its beginning.
    private struct Places {
        struct Head {
            let finalNorms, logits, tokens: Int
        }
        private(set) var heads: [Head] = []
        private(set) var end: Int

        init(_ layout: PassLayout, hidden: Int, vocabulary: Int) {
            end = layout.readingCount * hidden * 4
            for head in layout.heads {
                let finalNorms = end
                let logits = finalNorms + (head.givesFinalNorms ? head.count * hidden * 4 : 0)
                let tokens = logits + head.logits * vocabulary * 4
                end = tokens + (head.givesTokens ? head.count * 4 : 0)
                heads.append(Head(finalNorms: finalNorms, logits: logits, tokens: tokens))
            }
        }
    }

    private func places(_ layout: PassLayout) -> Places { Places(layout, hidden: hidden, vocabulary: vocabulary) }

    /// Makes room for what passes of the layout give.
    ///
    /// - Returns: whether results lie elsewhere from now on.
    mutating func makeRoom(for layout: PassLayout) throws(DeviceError) -> Bool {
        let (readingBytes, bytes) = (layout.readingCount * hidden * 4, places(layout).end)
        guard readingBytes > readings.byteCount || bytes > pinned.byteCount else { return false }
        if readingBytes > readings.byteCount {
            readings = try context.allocate(readingBytes, purpose: "readings")
        }
        if bytes > pinned.byteCount { pinned = try PinnedMemory(bytes, in: context) }
        return true
    }

    func address(ofReading reading: Int) -> DeviceAddress { readings.address + UInt64(reading * hidden * 4) }

    /// Copies what has been read.
    func takeReadings(_ layout: PassLayout) throws(DeviceError) {
        guard layout.readingCount > 0 else { return }
        try context.copy(layout.readingCount * hidden * 4, from: readings.address, to: pinned.base)
    }

    /// Copies what the layout's head of this index has given.
    func takeHead(_ index: Int, of layout: PassLayout, _ workspace: CUDAWorkspace) throws(DeviceError) {
        let (head, place) = (layout.heads[index], places(layout).heads[index])
        func copy(_ bytes: Int, from memory: DeviceMemory, to offset: Int) throws(DeviceError) {
            try context.copy(bytes, from: memory.address, to: pinned.base + offset)
        }
        if head.givesFinalNorms {
            try copy(head.count * hidden * 4, from: workspace.headNormed.wide, to: place.finalNorms)
        }
        if head.logits > 0 { try copy(head.logits * vocabulary * 4, from: workspace.logits, to: place.logits) }
        if head.givesTokens { try copy(head.count * 4, from: workspace.tokens, to: place.tokens) }
    }

    /// Waits for the device, and hands out.
    func finish(_ plan: PassPlan, of steps: [SequenceStep], outputs: inout [SequenceOutput]) throws(DeviceError) {
        try context.wait()
        for (row, read) in plan.reads.enumerated() {
            if outputs[read.step].activations.isEmpty {
                outputs[read.step].activations = Array(repeating: [], count: steps[read.step].readings.count)
            }
            outputs[read.step].activations[read.slot] += floats(row * hidden * 4, hidden)
        }
        for (members, place) in zip(plan.heads, places(plan.layout).heads) {
            for (row, index) in members.enumerated() {
                if steps[index].readsFinalNorm {
                    outputs[index].finalNorm = floats(place.finalNorms + row * hidden * 4, hidden)
                }
                switch steps[index].head {
                case .none: break
                case .logits: outputs[index].logits = floats(place.logits + row * vocabulary * 4, vocabulary)
                case .greedyToken:
                    outputs[index].greedyToken = pinned.base.load(
                        fromByteOffset: place.tokens + row * 4, as: Int32.self)
                }
            }
        }
    }

    private func floats(_ place: Int, _ count: Int) -> [Float] {
        Array(
            UnsafeBufferPointer(start: (pinned.base + place).assumingMemoryBound(to: Float.self), count: count))
    }
}
