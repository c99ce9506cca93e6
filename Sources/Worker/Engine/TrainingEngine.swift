package import Devices
package import Projection
package import Run

/// The part of a worker that trains W: its W, and the rows of activations that it holds.
package struct TrainingEngine {
    let device: any Device
    /// Bytes that activations and a block of W may take here.
    let memoryLimit: Double
    private var replica: ProjectionReplica?
    /// W as later stages use it, by its version.
    private var projected: (version: Int, projection: LinearProjection)?
    /// E of the latest shards that were computed here, by the unit's number.
    private var ownErrors: [Int: FloatMatrix] = [:]
    /// Results of shards that were computed with others and not asked for yet, by the unit's number.
    private var waiting: [Int: (unit: TrainUnit, result: TrainResult)] = [:]
    var rowsOfA: [Int: ArraySlice<Float>] = [:]
    private var rowsOfB: [Int: ArraySlice<Float>] = [:]

    /// Shards whose errors are kept, for the steps that are taken here.
    private static let ownErrorCount = 256

    package init(device: any Device, memoryLimit: Double = TrainingEngine.halfOfMemory) {
        self.device = device
        self.memoryLimit = memoryLimit
    }

    /// W as the unit of the last ``prepare(_:)`` needs it; nil where the run has none.
    package mutating func projection() throws(EngineError) -> LinearProjection? {
        guard let replica else { return nil }
        if let projected, projected.version == replica.version { return projected.projection }
        do {
            let projection = LinearProjection(try replica.projection())
            projected = (replica.version, projection)
            return projection
        } catch {
            throw .replica(error)
        }
    }

    /// Keeps rows for later units.
    package mutating func keep(_ rows: ActivationRows) {
        for (place, row) in rows.indices.enumerated() {
            rowsOfA[row] = rows.a[row: place]
            rowsOfB[row] = rows.b[row: place]
        }
    }

    /// Takes in what came with a grant and brings W to the version that its unit needs.
    package mutating func prepare(_ grant: Grant) throws(EngineError) {
        if let rows = grant.rows { keep(rows) }
        if let rows = grant.rowsOfA {
            for (place, row) in rows.indices.enumerated() { rowsOfA[row] = rows.a[row: place] }
        }
        if let rows = grant.rowsOfB {
            for (place, row) in rows.indices.enumerated() { rowsOfB[row] = rows.b[row: place] }
        }
        try receiveProjection(grant)
        if !grant.updates.isEmpty { try take(grant.updates, checksum: grant.checksum) }
        guard let needed = grant.version else { return }
        replica?.follow(to: needed)
        guard let replica else { throw .replica(ReplicaError.missing(needed: needed)) }
        guard replica.version == needed else {
            throw .replica(ReplicaError.otherVersion(held: replica.version, needed: needed))
        }
    }

    private mutating func receiveProjection(_ grant: Grant) throws(EngineError) {
        if let matrix = grant.projection {
            set(ProjectionReplica(matrix, moments: grant.moments, version: grant.version ?? 0))
        }
        if let initial = grant.initial {
            let matrix = initial.initialization.matrix(
                dimensionA: initial.dimensionA, dimensionB: initial.dimensionB, seed: initial.seed)
            if grant.updates.isEmpty, let checksum = grant.checksum, matrix.checksum != checksum {
                throw .replica(ReplicaError.checksum(version: 0))
            }
            set(ProjectionReplica(matrix, moments: nil, version: 0))
        }
        if let shared = grant.shared {
            set(nil)
            do {
                set(try ProjectionReplica(mapping: shared, version: grant.version ?? 0, checksum: grant.checksum))
            } catch {
                throw .replica(error)
            }
        }
    }

    private mutating func set(_ replica: ProjectionReplica?) {
        self.replica = replica
        projected = nil
        waiting = [:]
    }

    private mutating func take(_ updates: [StepUpdate], checksum: UInt64?) throws(EngineError) {
        guard var replica else { throw .replica(ReplicaError.missing(needed: updates.first?.step ?? 0)) }
        // Held once only, so that the steps work in place; of no use where they fail.
        set(nil)
        let (rows, errors) = (rowsOfA, ownErrors)
        do {
            try replica.take(
                updates, checksum: checksum, row: { rows[$0] }, ownErrors: { errors[$0] }, on: device)
        } catch {
            throw .replica(error)
        }
        self.replica = replica
        let last = updates.last?.shards.last?.unit ?? 0
        for old in ownErrors.keys where old <= last { ownErrors[old] = nil }
    }

    /// The loss and gradient of the grant's shard. Those of its companions are computed in the same pass over W, and
    /// kept until they are asked for.
    package mutating func result(_ unit: TrainUnit, of grant: Grant) throws -> TrainResult {
        if let kept = waiting.removeValue(forKey: grant.id.index), kept.unit == unit { return kept.result }
        guard let replica else { throw EngineError.replica(ReplicaError.missing(needed: unit.step)) }
        waiting = [:]
        // A companion whose rows are not here says so when its turn comes.
        let companions = grant.companions.filter { companion in
            // A matrix for each of them would wait: factors are small.
            companion.unit.step == unit.step && !companion.unit.dense && !unit.dense
                && companion.unit.rows.allSatisfy { rowsOfA[$0] != nil && rowsOfB[$0] != nil }
        }
        let units = [unit] + companions.map(\.unit)
        let numbers = [grant.id.index] + companions.map(\.id.index)
        let shards = try units.map { unit in
            (x: try Self.gather(unit.rows, from: rowsOfA), y: try Self.gather(unit.rows, from: rowsOfB))
        }
        let results: [TrainResult]
        do {
            results = try replica.results(shards: shards, dense: unit.dense, on: device)
        } catch let error as ReplicaError {
            throw EngineError.replica(error)
        }
        for (place, result) in results.enumerated() {
            if !replica.isMapped, case .factor(let errors) = result.gradient { keepOwn(errors, number: numbers[place]) }
            if place > 0 { waiting[numbers[place]] = (units[place], result) }
        }
        return results[0]
    }

    private mutating func keepOwn(_ errors: FloatMatrix, number: Int) {
        if ownErrors.count >= Self.ownErrorCount, let oldest = ownErrors.keys.min() { ownErrors[oldest] = nil }
        ownErrors[number] = errors
    }

    private static func gather(_ rows: [Int], from store: [Int: ArraySlice<Float>]) throws(EngineError) -> FloatMatrix {
        var values: [Float] = []
        for row in rows {
            // Rows of different widths make no matrix.
            guard let activation = store[row], activation.count == store[rows[0]]?.count else { throw .missingRow(row) }
            values.append(contentsOf: activation)
        }
        return FloatMatrix(rows: rows.count, columns: rows.isEmpty ? 0 : values.count / rows.count, values: values)
    }
}
