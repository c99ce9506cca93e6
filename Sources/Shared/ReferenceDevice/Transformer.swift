import ModelFolders

/// A language model that reads one token at a time: the definition of what every device computes, bit for bit.
///
/// There are no batches here: what a device makes of many sequences and tokens at once must equal this.
struct Transformer: Sendable {
    let configuration: ModelConfiguration
    /// `[vocabulary][hidden]`, widened to float32.
    let embedding: [Vector]
    let blocks: [Block]
    let finalNorm: RMSNorm
    /// `[vocabulary, hidden]`; the embedding where they are tied.
    let head: Linear
    /// The angle per position of each pair of a head's coordinates, `[d / 2]`.
    let frequencies: Vector

    /// The token's stream before the first block, `[hidden]`.
    func embed(_ token: Int32) -> Vector {
        let row = embedding[Int(token)]
        guard configuration.arithmetic.scalesEmbedding else { return row }
        let scale = Float(Double(configuration.hiddenSize).squareRoot())
        return row.map { $0 * scale }
    }

    /// Reads a token at the position after those in `histories`, one of each block that is to be computed.
    ///
    /// - Parameter touch: called with the stream at every site, 0 ..< histories.count + 1, to read and to change it.
    /// - Returns: the stream after these blocks, `[hidden]`.
    func read(_ token: Int32, _ histories: inout [History], touch: (_ site: Int, inout Vector) -> Void) -> Vector {
        let rotation = Rotation(
            position: histories.first?.keys.count ?? 0, frequencies: frequencies,
            scale: configuration.rotary.attentionFactor)
        var stream = embed(token)
        touch(0, &stream)
        for (index, block) in blocks.prefix(histories.count).enumerated() {
            stream = block(stream, rotation, &histories[index])
            touch(index + 1, &stream)
        }
        return stream
    }

    /// The stream after the last block as the head reads it, `[hidden]`, and the logits, `[vocabulary]`.
    func logits(_ stream: Vector) -> (normed: Vector, logits: Vector) {
        let normed = finalNorm(stream)
        let logits = head(normed)
        guard let cap = configuration.arithmetic.logitSoftCap else { return (normed, logits) }
        return (normed, logits.map { softCapped($0, Float(cap)) })
    }
}
