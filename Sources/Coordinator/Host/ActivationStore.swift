package import Run

/// Activations of all texts by site, as the extraction returned them.
package struct ActivationStore: Sendable {
    /// [texts, the model's width]
    private var matrices: [Site: FloatMatrix]

    package init(_ matrices: [Site: FloatMatrix]) {
        self.matrices = matrices
    }

    /// Room for so many texts at each of the sites.
    init(textCount: Int, sites: [Site], dimensionA: Int, dimensionB: Int) {
        matrices = Dictionary(
            uniqueKeysWithValues: sites.map { site in
                (site, FloatMatrix(zeros: textCount, site.model == .a ? dimensionA : dimensionB))
            })
    }

    /// Those of all texts at one site; nil where it was not read.
    package subscript(site: Site) -> FloatMatrix? { matrices[site] }

    /// Those of consecutive texts at one site, [texts, width]; nil where it was not read.
    func rows(_ texts: Range<Int>, at site: Site) -> FloatMatrix? {
        guard let matrix = matrices[site], texts.upperBound <= matrix.rows else { return nil }
        let values = matrix.values[texts.lowerBound * matrix.columns..<texts.upperBound * matrix.columns]
        return FloatMatrix(rows: texts.count, columns: matrix.columns, values: Array(values))
    }

    /// Stores a unit's texts; they have been checked to fit.
    /// - Parameter sites: of A and then of B, as the unit names them.
    mutating func insert(_ result: ExtractResult, atText first: Int, sites: [Site]) {
        for (site, new) in zip(sites, result.a + result.b) {
            // Changed in place: nobody else holds the matrix meanwhile.
            matrices[site]?.values.replaceSubrange(
                first * new.columns..<(first + new.rows) * new.columns, with: new.values)
        }
    }

    /// X or Y of a shard, [texts, width].
    func gather(_ texts: some Collection<Int>, at site: Site) -> FloatMatrix {
        guard let matrix = matrices[site] else { return FloatMatrix(zeros: 0, 0) }
        var values: [Float] = []
        values.reserveCapacity(texts.count * matrix.columns)
        for text in texts { values.append(contentsOf: matrix[row: text]) }
        return FloatMatrix(rows: texts.count, columns: matrix.columns, values: values)
    }

    /// Y of a block of outputs: [texts, columns].
    /// - Parameter texts: so many of the first.
    func columns(_ columns: Range<Int>, ofTexts texts: Int, at site: Site) -> FloatMatrix {
        guard let matrix = matrices[site], texts <= matrix.rows else { return FloatMatrix(zeros: 0, 0) }
        var values: [Float] = []
        values.reserveCapacity(texts * columns.count)
        for text in 0..<texts {
            let start = text * matrix.columns
            values += matrix.values[start + columns.lowerBound..<start + columns.upperBound]
        }
        return FloatMatrix(rows: texts, columns: columns.count, values: values)
    }
}
