import CCUDAKernels
import Devices

/// What comes back from a pass: gathered on the device, copied while it goes on, read after one wait.
struct PassResults {
    private let context: CUDAContext
    private let hidden, vocabulary: Int
    private var readings: DeviceMemory
    private var picks: DeviceMemory
    private var pinned: PinnedMemory

    init(hidden: Int, vocabulary: Int, _ context: CUDAContext) throws(DeviceError) {
        self.context = context
        (self.hidden, self.vocabulary) = (hidden, vocabulary)
        readings = try context.allocate(1 << 12, purpose: "readings")
        picks = try context.allocate(1 << 12, purpose: "picked logits")
        pinned = try PinnedMemory(1 << 16, in: context)
    }

    /// Where in the pinned memory the results of a layout go, in bytes from its beginning.
    private struct Places {
        struct Head {
            let sums, finalNorms, logits, tokens: Int
        }
        private(set) var heads: [Head] = []
        let readings, picks: Int
        private(set) var end: Int

        init(_ layout: PassLayout, hidden: Int, vocabulary: Int) {
            // Sums first: they are as wide as two floats, twice.
            readings = layout.heads.reduce(0) { $0 + $1.sums } * MemoryLayout<softmax_sum>.stride
            picks = readings + layout.readingCount * hidden * 4
            end = picks + layout.pickCount * 4
            var sums = 0
            for head in layout.heads {
                let finalNorms = end
                let logits = finalNorms + (head.givesFinalNorms ? head.count * hidden * 4 : 0)
                let tokens = logits + head.logits * vocabulary * 4
                end = tokens + (head.givesTokens ? head.count * 4 : 0)
                heads.append(Head(sums: sums, finalNorms: finalNorms, logits: logits, tokens: tokens))
                sums += head.sums * MemoryLayout<softmax_sum>.stride
            }
        }
    }

    private func places(_ layout: PassLayout) -> Places { Places(layout, hidden: hidden, vocabulary: vocabulary) }

    /// Makes room for what passes of the layout give.
    ///
    /// - Returns: whether results lie elsewhere from now on.
    mutating func makeRoom(for layout: PassLayout) throws(DeviceError) -> Bool {
        let (readingBytes, pickBytes) = (layout.readingCount * hidden * 4, layout.pickCount * 4)
        let bytes = places(layout).end
        guard readingBytes > readings.byteCount || pickBytes > picks.byteCount || bytes > pinned.byteCount else {
            return false
        }
        if readingBytes > readings.byteCount {
            readings = try context.allocate(readingBytes, purpose: "readings")
        }
        if pickBytes > picks.byteCount { picks = try context.allocate(pickBytes, purpose: "picked logits") }
        if bytes > pinned.byteCount { pinned = try PinnedMemory(bytes, in: context) }
        return true
    }

    func address(ofReading reading: Int) -> DeviceAddress { readings.address + UInt64(reading * hidden * 4) }
    func address(ofPick pick: Int) -> DeviceAddress { picks.address + UInt64(pick * 4) }

    /// Copies what has been read and picked.
    func takeGathered(_ layout: PassLayout) throws(DeviceError) {
        let places = places(layout)
        for (count, from, to) in [
            (layout.readingCount * hidden, readings, places.readings), (layout.pickCount, picks, places.picks),
        ] where count > 0 {
            try context.copy(count * 4, from: from.address, to: pinned.base + to)
        }
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
        if head.sums > 0 {
            try copy(head.sums * MemoryLayout<softmax_sum>.stride, from: workspace.softmaxSums, to: place.sums)
        }
        if head.logits > 0 { try copy(head.logits * vocabulary * 4, from: workspace.logits, to: place.logits) }
        if head.givesTokens { try copy(head.count * 4, from: workspace.tokens, to: place.tokens) }
    }

    /// Waits for the device, and hands out.
    func finish(_ plan: PassPlan, of steps: [SequenceStep], outputs: inout [SequenceOutput]) throws(DeviceError) {
        try context.wait()
        let places = places(plan.layout)
        for (row, read) in plan.reads.enumerated() {
            if outputs[read.step].activations.isEmpty {
                outputs[read.step].activations = Array(repeating: [], count: steps[read.step].readings.count)
            }
            outputs[read.step].activations[read.slot] += floats(places.readings + row * hidden * 4, hidden)
        }
        for ((layout, members), place) in zip(zip(plan.layout.heads, plan.heads), places.heads) {
            var pick = places.picks + layout.firstPick * 4
            for (row, head) in members.enumerated() {
                let index = head.step
                if steps[index].readsFinalNorm {
                    outputs[index].finalNorm = floats(place.finalNorms + row * hidden * 4, hidden)
                }
                switch steps[index].head {
                case .none: break
                case .logits: outputs[index].logits = floats(place.logits + row * vocabulary * 4, vocabulary)
                case .greedyToken:
                    outputs[index].greedyToken = pinned.base.load(
                        fromByteOffset: place.tokens + row * 4, as: Int32.self)
                case .logProbabilities(let followers):
                    let sum = pinned.base.load(
                        fromByteOffset: place.sums + (row - layout.logits) * MemoryLayout<softmax_sum>.stride,
                        as: softmax_sum.self)
                    let softmax = SoftmaxSum(largest: sum.largest, sum: sum.sum)
                    let picked = floats(pick, followers[head.place].count)
                    outputs[index].logProbabilities.append(picked.map(softmax.logProbability))
                    pick += picked.count * 4
                }
            }
        }
    }

    private func floats(_ place: Int, _ count: Int) -> [Float] {
        Array(
            UnsafeBufferPointer(start: (pinned.base + place).assumingMemoryBound(to: Float.self), count: count))
    }
}
