/// A model's measures, as far as what it computes depends on them.
package struct ModelShape: Codable, Hashable, Sendable {
    package var vocabulary: Int
    package var width: Int
    package var blocks: Int
    package var heads: Int
    package var keyValueHeads: Int
    package var headWidth: Int
    package var feedForward: Int

    package init(
        vocabulary: Int, width: Int, blocks: Int, heads: Int, keyValueHeads: Int, headWidth: Int, feedForward: Int
    ) {
        self.vocabulary = vocabulary
        self.width = width
        self.blocks = blocks
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headWidth = headWidth
        self.feedForward = feedForward
    }
}

/// Operations as Ramesh & Li count them (section 3.2): every token that is written reads all before it again, a
/// feed-forward has two matrices, and keys and values as many heads as queries.
extension ModelShape {
    /// U(P): a pass of P tokens through so many blocks, L (8PDKH + 4P²KH + 3HP² + 4PDF).
    package func paperPass(tokens: Int, blocks: Int) -> Double {
        let (p, d, k, h, f) = (
            Double(tokens), Double(width), Double(headWidth), Double(heads), Double(feedForward)
        )
        return Double(blocks) * (8 * p * d * k * h + 4 * p * p * k * h + 3 * h * p * p + 4 * p * d * f)
    }

    /// 4PVD: embedding and head.
    package func paperHead(tokens: Int) -> Double { 4 * Double(tokens) * Double(vocabulary) * Double(width) }

    /// T answers' tokens on a prompt of P: T (4PVD + U(P)).
    package func paperAnswer(promptTokens: Int, passes: Int) -> Double {
        Double(passes) * (paperHead(tokens: promptTokens) + paperPass(tokens: promptTokens, blocks: blocks))
    }

    /// A message read after some blocks: 2PVD, the embedding, and these blocks' share of U(P).
    package func paperMessage(tokens: Int, blocks: Int) -> Double {
        2 * Double(tokens) * Double(vocabulary) * Double(width) + paperPass(tokens: tokens, blocks: blocks)
    }
}

/// Operations that are done: multiplications and additions of all matrix products, keys and values kept.
extension ModelShape {
    /// Passes that read so many tokens in all, each once, from the first position on; the head at the end of each pass
    /// where there is one.
    package func done(_ tokens: Int, blocks: Int, heads passes: Int) -> Double {
        let (d, n) = (Double(width), Double(tokens))
        let (q, kv) = (Double(heads * headWidth), Double(keyValueHeads * headWidth))
        let matrices = 2 * d * q + 2 * d * kv + 3 * d * Double(feedForward)
        // Each token looks back at all before it and at itself.
        let attention = 2 * q * n * (n + 1)
        return Double(blocks) * (2 * matrices * n + attention) + 2 * Double(passes) * Double(vocabulary) * d
    }
}
