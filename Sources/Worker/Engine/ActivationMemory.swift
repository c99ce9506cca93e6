import Foundation
import Run

/// The activations that a worker holds, by site and text, within so many bytes.
struct ActivationMemory {
    /// Bytes that activations and a block of W may take here.
    let limit: Double
    private var sites: [Site: [Int: ArraySlice<Float>]] = [:]

    init(limit: Double) {
        self.limit = limit
    }

    /// A text's activation at a site, [width]; nil where it is not here.
    subscript(site: Site, text: Int) -> ArraySlice<Float>? { sites[site]?[text] }

    /// Bytes that are taken.
    private var byteCount: Double { sites.values.reduce(0) { $0 + Self.bytes($1) } }

    private static func bytes(_ texts: [Int: ArraySlice<Float>]) -> Double {
        // All of a site have one width.
        Double(texts.count) * Double(texts.first?.value.count ?? 0) * Double(MemoryLayout<Float>.size)
    }

    private static func bytes(_ activations: TextActivations) -> Double {
        Double(activations.values.values.count) * Double(MemoryLayout<Float>.size)
    }

    /// Keeps what a unit at hand needs, whatever it takes: it came in one message.
    mutating func keep(_ activations: TextActivations) {
        for (place, text) in activations.texts.enumerated() {
            sites[activations.site, default: [:]][text] = activations.values[row: place]
        }
    }

    /// Keeps what later units may need, where there is room for it.
    mutating func keepWithinLimit(_ activations: TextActivations) {
        if byteCount + Self.bytes(activations) <= limit { keep(activations) }
    }

    /// Keeps what units soon need; activations of other sites make room for it. What there is no room for is missed by
    /// the unit.
    mutating func keepMakingRoom(_ activations: TextActivations) {
        makeRoom(for: Self.bytes(activations), keeping: activations.site)
        keepWithinLimit(activations)
    }

    /// Forgets other sites' activations until there is room for so many bytes besides those of `site`.
    mutating func makeRoom(for bytes: Double, keeping site: Site) {
        // In an order of their own, those of B first: units that train blocks of outputs bring what they read of it.
        for other in sites.keys.sorted(by: >) where other != site && byteCount + bytes > limit {
            sites[other] = nil
        }
    }

    /// Rows of some texts, [texts, width], in their order.
    func gather(_ texts: [Int], at site: Site) throws(EngineError) -> FloatMatrix {
        let held = sites[site] ?? [:]
        var values: [Float] = []
        for text in texts {
            // Rows of different widths make no matrix.
            guard let activation = held[text], activation.count == held[texts[0]]?.count else {
                throw .missingText(text, site: site)
            }
            values.append(contentsOf: activation)
        }
        return FloatMatrix(rows: texts.count, columns: texts.isEmpty ? 0 : values.count / texts.count, values: values)
    }
}
