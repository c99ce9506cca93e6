import PlainText
import Run

/// What is read of a model's streams over texts, at all sites where units of a run read them: a text is gone through once, and
/// units of other channels find it here. What there is no more room for is read again.
struct StreamMemory {
    struct Key: Hashable {
        var model: ModelSide
        var text: ExactText
        /// Positions that were left for the answer.
        var newTokens: Int
        var wanted = Wanted.stream
    }

    /// What is read of a text.
    enum Wanted: Hashable {
        /// The stream at the tokens where the run reads or writes it.
        case stream
        /// The median of the norms at all of its tokens, of so many of the stream's last coordinates.
        case medianNorm(coordinates: Int)
    }

    struct Streams {
        /// By block count, of each token that is read.
        var vectors: [Int: [[Float]]] = [:]
        var medianNorms: [Int: Double] = [:]
        /// Tokens of the prompt, and those that were cut off.
        var tokens: Int
        var omitted: Int

        /// Whether the site was read.
        func has(_ blocks: Int) -> Bool { vectors[blocks] != nil || medianNorms[blocks] != nil }

        fileprivate var bytes: Int {
            vectors.values.joined().reduce(0) { $0 + MemoryLayout<Float>.size * $1.count }
                + MemoryLayout<Double>.size * medianNorms.count
        }
    }

    private var streams: [Key: Streams] = [:]
    /// In the order in which they came.
    private var keys: [Key] = []
    private var bytes = 0
    private let limit: Int

    init(limit: Int = 512 << 20) {
        self.limit = limit
    }

    subscript(key: Key) -> Streams? { streams[key] }

    /// Keeps what came last, and as much of what came before as there is room for.
    mutating func keep(_ new: Streams, for key: Key) {
        guard streams[key] == nil else { return }
        streams[key] = new
        keys.append(key)
        bytes += new.bytes
        while bytes > limit, keys.count > 1 {
            let oldest = keys.removeFirst()
            bytes -= streams.removeValue(forKey: oldest)?.bytes ?? 0
        }
    }
}
