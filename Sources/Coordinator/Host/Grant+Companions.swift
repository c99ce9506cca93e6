import Run

extension Grant {
    /// Takes another grant for the same worker into this one's message, where it is a shard of the same step that
    /// brings no W of its own.
    mutating func join(_ other: Grant) -> Bool {
        guard case .train = unit, case .train(let shard) = other.unit, let own = projection,
            let others = other.projection, others.supply == .held, others.channel == own.channel,
            others.version == own.version, companions.count < MessageLimits.frames
        else { return false }
        companions.append(Companion(lease: other.lease, id: other.id, unit: shard))
        for added in other.activations {
            if let place = activations.firstIndex(where: { $0.site == added.site }) {
                activations[place].texts += added.texts
                activations[place].values = activations[place].values.appending(added.values)
            } else {
                activations.append(added)
            }
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
