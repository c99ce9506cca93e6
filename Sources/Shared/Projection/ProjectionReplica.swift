package import Run

/// Why a copy of W cannot be brought to the version that is asked for. It is sent whole then.
package enum ReplicaError: Error, Hashable, CustomStringConvertible {
    case missing(needed: Int)
    case otherVersion(held: Int, needed: Int)
    case noMoments(version: Int)
    case missingRow(Int)
    case missingShard(Int)
    case checksum(version: Int)

    package var description: String {
        switch self {
        case .missing(let needed): "the unit needs W of step \(needed), and none is here"
        case .otherVersion(let held, let needed): "the unit needs W of step \(needed), and W of step \(held) is here"
        case .noMoments(let version): "W of step \(version) is here without the moments that a step needs"
        case .missingRow(let row): "the activations of row \(row) are not here"
        case .missingShard(let unit): "the errors of shard \(unit), computed here, are not here any more"
        case .checksum(let version): "W of step \(version), computed here, differs from the coordinator's"
        }
    }
}

/// A worker's copy of W. Where it holds Adam's moments too it takes the training's steps itself, from the shards'
/// factors, to the same bits as the coordinator: some hundred kilobytes travel then instead of the whole matrix.
package struct ProjectionReplica: Sendable {
    private enum State: Sendable {
        case fixed(FloatMatrix)
        case whole(FloatMatrix, Moments)
        case training(ProjectionTrainer)
    }

    /// Steps that W has taken.
    package private(set) var version: Int
    private var state: State

    /// - Parameter moments: nil where no steps are to be taken from this W. Before the first step they are zero and
    ///   need not be given.
    package init(_ w: FloatMatrix, moments: Moments?, version: Int) {
        self.version = version
        state = moments.map { .whole(w, $0) } ?? .fixed(w)
    }

    /// W, [d_B, d_A]. Not to be held while steps are taken: they would copy it.
    package var matrix: FloatMatrix {
        switch state {
        case .fixed(let w), .whole(let w, _): w
        case .training(let trainer): trainer.projection
        }
    }

    /// Takes steps.
    /// - Parameters:
    ///   - updates: consecutive, the first from this version on.
    ///   - checksum: of W after them.
    ///   - row: a row of A's activations, [d_A].
    ///   - ownErrors: E of a shard that was computed here, by the unit's number.
    /// - Throws: ``ReplicaError``, or `ProjectionError` where an update does not fit. The copy is of no use then.
    package mutating func take(
        _ updates: [StepUpdate], checksum: UInt64?, row: (Int) -> ArraySlice<Float>?, ownErrors: (Int) -> FloatMatrix?,
        execution: Execution = Execution()
    ) throws {
        for update in updates {
            guard update.step == version else { throw ReplicaError.otherVersion(held: version, needed: update.step) }
            let contributions = try Self.contributions(update, row: row, ownErrors: ownErrors)
            let batchRows = update.shards.reduce(0) { $0 + $1.rows.count }
            var trainer = try detachTrainer(learningRate: update.learningRate)
            _ = try trainer.apply(shards: contributions, batchRows: batchRows, execution: execution)
            state = .training(trainer)
            version += 1
        }
        if let checksum, matrix.checksum != checksum { throw ReplicaError.checksum(version: version) }
    }

    /// The trainer, which nobody else holds then, so that its step works in place.
    private mutating func detachTrainer(learningRate: Double) throws(ReplicaError) -> ProjectionTrainer {
        defer { state = .fixed(FloatMatrix(zeros: 0, 0)) }
        switch state {
        case .training(let trainer): return trainer
        case .whole(let w, let moments):
            return ProjectionTrainer(
                w: w, moments: moments, step: version, adam: Adam(learningRate: learningRate))
        case .fixed(let w):
            guard version == 0 else { throw .noMoments(version: version) }
            return ProjectionTrainer(w: w, adam: Adam(learningRate: learningRate))
        }
    }

    private static func contributions(
        _ update: StepUpdate, row: (Int) -> ArraySlice<Float>?, ownErrors: (Int) -> FloatMatrix?
    ) throws(ReplicaError) -> [ShardContribution] {
        var next = 0
        var contributions: [ShardContribution] = []
        for shard in update.shards {
            var x: [Float] = []
            for index in shard.rows {
                guard let values = row(index) else { throw .missingRow(index) }
                x.append(contentsOf: values)
            }
            let errors: FloatMatrix
            if shard.isOwn {
                guard let own = ownErrors(shard.unit) else { throw .missingShard(shard.unit) }
                errors = own
            } else {
                let columns = update.errors.columns
                errors = FloatMatrix(
                    rows: shard.rows.count, columns: columns,
                    values: Array(update.errors.values[next * columns..<(next + shard.rows.count) * columns]))
                next += shard.rows.count
            }
            contributions.append(
                ShardContribution(
                    result: TrainResult(squaredErrorSum: 0, gradient: .factor(errors)),
                    x: FloatMatrix(
                        rows: shard.rows.count, columns: shard.rows.isEmpty ? 0 : x.count / shard.rows.count, values: x)
                ))
        }
        return contributions
    }
}
