/// One of the two models of a run.
package enum ModelSide: String, CaseIterable, Codable, Hashable, Sendable, Comparable {
    /// The one that is read.
    case a = "A"
    /// The one that is written.
    case b = "B"

    package static func < (x: ModelSide, y: ModelSide) -> Bool { x.rawValue < y.rawValue }
}

/// Where activations are read: a model's residual stream after so many blocks (0 = the embedding).
package struct Site: Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    package let model: ModelSide
    package let blocks: Int

    package init(_ model: ModelSide, blocks: Int) {
        self.model = model
        self.blocks = blocks
    }

    package static func a(_ blocks: Int) -> Site { Site(.a, blocks: blocks) }
    package static func b(_ blocks: Int) -> Site { Site(.b, blocks: blocks) }

    package var description: String { "\(model.rawValue) after \(blocks) blocks" }

    package static func < (x: Site, y: Site) -> Bool { (x.model, x.blocks) < (y.model, y.blocks) }
}

/// Activations of some of the texts that W learns from, at one site.
package struct TextActivations: Hashable, Sendable {
    package var site: Site
    /// The texts' numbers.
    package var texts: [Int]
    /// [texts, the model's width]
    package var values: FloatMatrix

    package init(site: Site, texts: [Int], values: FloatMatrix) {
        self.site = site
        self.texts = texts
        self.values = values
    }
}
