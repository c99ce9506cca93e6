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
    func columns(_ columns: Range<Int>, at site: Site) -> FloatMatrix {
        guard let matrix = matrices[site] else { return FloatMatrix(zeros: 0, 0) }
        var values: [Float] = []
        values.reserveCapacity(matrix.rows * columns.count)
        for text in 0..<matrix.rows {
            let start = text * matrix.columns
            values += matrix.values[start + columns.lowerBound..<start + columns.upperBound]
        }
        return FloatMatrix(rows: matrix.rows, columns: columns.count, values: values)
    }
}
