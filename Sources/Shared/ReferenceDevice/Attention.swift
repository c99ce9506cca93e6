/// The rotation of a position (Su et al., arXiv:2104.09864) in the layout of Hugging Face's Llama: coordinate i of a
/// head is paired with i + d / 2.
struct Rotation: Sendable {
    /// Of each pair of coordinates, `[d / 2]`.
    private let turns: [(cosine: Float, sine: Float)]

    /// Pair i turns by the float32 angle position · frequency[i]; cosine and sine are multiplied by `scale`.
    init(position: Int, frequencies: Vector, scale: Float) {
        turns = frequencies.map {
            let (cosine, sine) = cosineSine(Float(position) * $0)
            return (cosine * scale, sine * scale)
        }
    }

    /// - Parameter head: a query or a key, `[d]`.
    func callAsFunction(_ head: Vector) -> Vector {
        var turned = head
        for (i, turn) in turns.enumerated() {
            let (low, high) = (head[i], head[i + turns.count])
            turned[i] = low * turn.cosine - high * turn.sine
            turned[i + turns.count] = high * turn.cosine + low * turn.sine
        }
        return turned
    }
}

/// What one block keeps of a sequence: of each position and key/value head the key, rotated, and the value.
struct History: Sendable {
    /// `[positions][key/value heads][d]`
    var keys: [[Vector]] = []
    var values: [[Vector]] = []
}

/// Causal attention: how a query reads the values of the positions in sight.
struct Attention: Sendable {
    /// Query head h reads key/value head h / (heads / keyValueHeads) (Ainslie et al., arXiv:2305.13245).
    let heads, keyValueHeads: Int
    /// Scores are multiplied by it: 1 / √d, or what the family puts in its place.
    let scale: Float
    /// A scaled score s becomes cap · tanh(s / cap).
    let softCap: Float?
    /// Positions that a query sees, its own and those right before; nil for all.
    let window: Int?

    /// What the last position's queries, `[heads][d]`, read: `[heads * d]`.
    func callAsFunction(_ queries: [Vector], _ history: History) -> Vector {
        let first = max(0, history.keys.count - (window ?? .max))
        return queries.indices.flatMap { head in
            let group = head / (heads / keyValueHeads)
            return read(
                queries[head], keys: history.keys[first...].map { $0[group] },
                values: history.values[first...].map { $0[group] })
        }
    }

    /// Σ weight[j]·value[j] / Σ weight[j] with weight[j] = exp(score[j] - the largest score): the upper sum is a chain
    /// over the positions for each coordinate, the lower one 16 partial sums; the one is multiplied by 1 / the other.
    private func read(_ query: Vector, keys: [Vector], values: [Vector]) -> Vector {
        var scores = keys.map { chain(query, $0) }
        if let softCap { scores = scores.map { softCapped($0, softCap, scale: scale) } }
        let largest = scores.reduce(-Float.infinity) { $1 > $0 ? $1 : $0 }
        let weights = scores.map { exponential(($0 - largest) * (softCap == nil ? scale : 1)) }
        let inverse: Float = 1 / sixteenPartialSums(of: weights) { $0 += $1 }
        return query.indices.map { i in chain(weights, values.map { $0[i] }) * inverse }
    }
}
