package import Devices
package import Run

/// Why a copy of W cannot be brought to the version that is asked for. It is sent whole then.
package enum ReplicaError: Error, Hashable, CustomStringConvertible {
    case missing(needed: Int)
    case otherVersion(held: Int, needed: Int)
    case noMoments(version: Int)
    case missingRow(Int)
    case missingShard(Int)
    case checksum(version: Int)
    case unmappable(reason: String)
    case moved(needed: Int)
    case uneven(outputs: Int, links: Int)

    package var description: String {
        switch self {
        case .missing(let needed): "the unit needs W of step \(needed), and none is here"
        case .otherVersion(let held, let needed): "the unit needs W of step \(needed), and W of step \(held) is here"
        case .noMoments(let version): "W of step \(version) is here without the moments that a step needs"
        case .missingRow(let row): "the activations of row \(row) are not here"
        case .missingShard(let unit): "the errors of shard \(unit), computed here, are not here any more"
        case .checksum(let version): "W of step \(version), as it is here, differs from the coordinator's"
        case .unmappable(let reason): "W cannot be mapped: \(reason)"
        case .moved(let needed): "the unit needs W of step \(needed), and W in shared memory has moved from there"
        case .uneven(let outputs, let links):
            "W of \(outputs) outputs is here, which are not as many for each of the channel's \(links) links"
        }
    }
}

/// A worker's W. Where it holds Adam's moments too it takes the training's steps itself, from the shards' factors, to
/// the same bits as the coordinator: some hundred kilobytes travel then instead of the whole matrix. On the machine
/// of a coordinator that shares its memory it holds nothing and reads the coordinator's W in place.
package struct ProjectionReplica: Sendable {
    private enum State: Sendable {
        case fixed(FloatMatrix)
        case whole(FloatMatrix, Moments)
        case training(ProjectionTrainer)
        case mapped(MappedWeights)
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

    /// The coordinator's W of `version`, read where it lies.
    /// - Parameter checksum: of W.
    package init(mapping name: SharedProjection, version: Int, checksum: UInt64?) throws {
        let weights = try MappedWeights(name)
        state = .mapped(weights)
        self.version = version
        if let checksum {
            let found = try withWeights { w in
                Values.checksum(UnsafeBufferPointer(start: w.base, count: w.outputs * w.inputs))
            }
            guard found == checksum else { throw ReplicaError.checksum(version: version) }
        }
    }

    /// Whether W is the coordinator's own, which moves without anything that is done here.
    package var isMapped: Bool { if case .mapped = state { true } else { false } }

    /// Takes note that a mapped W is now to be read in another version.
    package mutating func follow(to version: Int) {
        if isMapped { self.version = version }
    }

    /// A copy of W, [d_B, d_A].
    /// - Throws: ``ReplicaError/moved(needed:)`` where W is mapped and not in ``version`` any more.
    package func projection() throws -> FloatMatrix {
        switch state {
        case .fixed(let w), .whole(let w, _): return w
        case .training(let trainer): return trainer.projection
        case .mapped(let weights):
            return try weights.read(version: version) { w in
                FloatMatrix(
                    rows: w.outputs, columns: w.inputs,
                    values: Array(UnsafeBufferPointer(start: w.base, count: w.outputs * w.inputs)))
            }
        }
    }

    /// Lends W to `body`, in place. What `body` returns counts where this does not throw.
    func withWeights<R>(_ body: (WeightView) throws -> R) throws -> R {
        switch state {
        case .fixed(let w), .whole(let w, _):
            guard !w.values.isEmpty else { throw ReplicaError.missing(needed: version) }
            return try w.withWeights(body)
        case .training(let trainer): return try trainer.withWeights(body)
        case .mapped(let weights): return try weights.read(version: version, body)
        }
    }

    /// The losses and gradients of shards, each to the same bits as alone.
    /// - Parameter shards: X and Y of each.
    package func results(
        shards: [(x: FloatMatrix, y: FloatMatrix)], dense: Bool, on device: any Device
    ) throws -> [TrainResult] {
        try withWeights { w in
            try ShardLoss.results(
                w: w, shards: shards.map { ShardLoss.Shard(x: $0.x, y: $0.y) }, dense: dense, on: device)
        }
    }

    private var checksum: UInt64? {
        switch state {
        case .fixed(let w), .whole(let w, _): w.checksum
        case .training(let trainer): trainer.checksum
        case .mapped: nil
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
        on device: any Device
    ) throws {
        for update in updates {
            guard update.step == version else { throw ReplicaError.otherVersion(held: version, needed: update.step) }
            let contributions = try Self.contributions(update, row: row, ownErrors: ownErrors)
            let batchRows = update.shards.reduce(0) { $0 + $1.texts.count }
            var trainer = try detachTrainer(learningRate: update.learningRate)
            _ = try trainer.apply(shards: contributions, batchRows: batchRows, on: device)
            state = .training(trainer)
            version += 1
        }
        if let checksum, self.checksum != checksum { throw ReplicaError.checksum(version: version) }
    }

    /// The trainer, which nobody else holds then, so that its step works in place.
    private mutating func detachTrainer(learningRate: Double) throws(ReplicaError) -> ProjectionTrainer {
        defer { state = .fixed(FloatMatrix(zeros: 0, 0)) }
        switch state {
        case .training(let trainer): return trainer
        case .whole(let w, let moments):
            let fits = [moments.first, moments.second].allSatisfy { $0.rows == w.rows && $0.columns == w.columns }
            guard fits, !w.values.isEmpty else { throw .noMoments(version: version) }
            return ProjectionTrainer(
                w: w, moments: moments, step: version, adam: Adam(learningRate: learningRate))
        case .fixed(let w):
            guard version == 0, !w.values.isEmpty else { throw .noMoments(version: version) }
            return ProjectionTrainer(w: w, adam: Adam(learningRate: learningRate))
        case .mapped: throw .noMoments(version: version)
        }
    }

    private static func contributions(
        _ update: StepUpdate, row: (Int) -> ArraySlice<Float>?, ownErrors: (Int) -> FloatMatrix?
    ) throws(ReplicaError) -> [ShardContribution] {
        var next = 0
        var contributions: [ShardContribution] = []
        for shard in update.shards {
            var x: [Float] = []
            for index in shard.texts {
                guard let values = row(index), values.count == row(shard.texts[0])?.count else {
                    throw .missingRow(index)
                }
                x.append(contentsOf: values)
            }
            let errors: FloatMatrix
            if shard.isOwn {
                guard let own = ownErrors(shard.unit) else { throw .missingShard(shard.unit) }
                errors = own
            } else {
                let columns = update.errors.columns
                errors = FloatMatrix(
                    rows: shard.texts.count, columns: columns,
                    values: Array(update.errors.values[next * columns..<(next + shard.texts.count) * columns]))
                next += shard.texts.count
            }
            contributions.append(
                ShardContribution(
                    result: TrainResult(squaredErrorSum: 0, gradient: .factor(errors)),
                    x: FloatMatrix(
                        rows: shard.texts.count, columns: shard.texts.isEmpty ? 0 : x.count / shard.texts.count,
                        values: x)
                ))
        }
        return contributions
    }
}
