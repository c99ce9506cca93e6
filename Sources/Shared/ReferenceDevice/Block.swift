/// A transformer block: x += attention(norm(x)); x += feedForward(norm(x)). What a family lacks is nil.
struct Block: Sendable {
    let attentionNorm: RMSNorm
    let query, key, value: Linear
    /// Of each head by itself, `[d]`.
    let queryNorm, keyNorm: RMSNorm?
    let attention: Attention
    let attentionOutput: Linear
    let attentionOutputNorm: RMSNorm?
    let feedForwardNorm: RMSNorm
    let gate, up, down: Linear
    let activation: @Sendable (Float) -> Float
    let feedForwardOutputNorm: RMSNorm?

    /// The stream after the block of a position, `[hidden]`, whose keys and values join `history`.
    func callAsFunction(_ stream: Vector, _ rotation: Rotation, _ history: inout History) -> Vector {
        var x = attentionNorm(stream)
        history.keys.append(heads(key(x), attention.keyValueHeads).map { rotation(keyNorm?($0) ?? $0) })
        history.values.append(heads(value(x), attention.keyValueHeads))
        let queries = heads(query(x), attention.heads).map { rotation(queryNorm?($0) ?? $0) }
        let stream = attentionOutput.added(to: stream, of: attention(queries, history), norm: attentionOutputNorm)

        x = feedForwardNorm(stream)
        return down.added(to: stream, of: gate(x).map(activation) .* up(x), norm: feedForwardOutputNorm)
    }

    /// `[count * d]` as `[count][d]`.
    private func heads(_ row: Vector, _ count: Int) -> [Vector] {
        let d = row.count / count
        return (0..<count).map { Vector(row[$0 * d..<($0 + 1) * d]) }
    }
}
