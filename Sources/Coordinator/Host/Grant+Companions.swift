import Run

extension Grant {
    /// Takes another grant for the same worker into this one's message, where it is a shard of the same step that
    /// brings no W of its own.
    mutating func join(_ other: Grant) -> Bool {
        guard case .train = unit, case .train(let shard) = other.unit, other.version == version,
            other.projection == nil, other.initial == nil, other.shared == nil, other.updates.isEmpty,
            other.rowsOfA == nil, companions.count < MessageLimits.frames
        else { return false }
        companions.append(Companion(lease: other.lease, id: other.id, unit: shard))
        if let added = other.rows {
            rows =
                rows.map {
                    ActivationRows(
                        indices: $0.indices + added.indices, a: $0.a.appending(added.a), b: $0.b.appending(added.b))
                } ?? added
        }
        if let added = other.rowsOfB {
            rowsOfB = rowsOfB.map { RowsOfB(indices: $0.indices + added.indices, b: $0.b.appending(added.b)) } ?? added
        }
        return true
    }
}

extension FloatMatrix {
    /// This matrix's rows, then those of another of the same width.
    fileprivate func appending(_ other: FloatMatrix) -> FloatMatrix {
        FloatMatrix(rows: rows + other.rows, columns: columns, values: values + other.values)
    }
}
