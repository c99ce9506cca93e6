package import Projection
package import Run

/// The part of a worker that trains W: its copy of W, and the rows of activations that it holds.
package struct TrainingEngine {
    let execution: Execution
    /// Bytes that activations and a block of W may take here.
    let memoryLimit: Double
    private var replica: ProjectionReplica?
    /// E of the latest shards that were computed here, by the unit's number.
    private var ownErrors: [Int: FloatMatrix] = [:]
    var rowsOfA: [Int: ArraySlice<Float>] = [:]
    private var rowsOfB: [Int: ArraySlice<Float>] = [:]

    /// Shards whose errors are kept, for the steps that are taken here.
    private static let ownErrorCount = 256

    package init(execution: Execution, memoryLimit: Double = TrainingEngine.halfOfMemory) {
        self.execution = execution
        self.memoryLimit = memoryLimit
    }

    /// W as it is here; nil where the run has none.
    package var projection: LinearProjection? { replica.map { LinearProjection($0.matrix) } }

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
        if let matrix = grant.projection {
            replica = ProjectionReplica(matrix, moments: grant.moments, version: grant.version ?? 0)
        }
        if !grant.updates.isEmpty { try take(grant.updates, checksum: grant.checksum) }
        guard let needed = grant.version else { return }
        guard let replica else { throw .replica(ReplicaError.missing(needed: needed)) }
        guard replica.version == needed else {
            throw .replica(ReplicaError.otherVersion(held: replica.version, needed: needed))
        }
    }

    private mutating func take(_ updates: [StepUpdate], checksum: UInt64?) throws(EngineError) {
        guard var replica else { throw .replica(ReplicaError.missing(needed: updates.first?.step ?? 0)) }
        // Held once only, so that the steps work in place; of no use where they fail.
        self.replica = nil
        let (rows, errors) = (rowsOfA, ownErrors)
        do {
            try replica.take(
                updates, checksum: checksum, row: { rows[$0] }, ownErrors: { errors[$0] }, execution: execution)
        } catch {
            throw .replica(error)
        }
        self.replica = replica
        let last = updates.last?.shards.last?.unit ?? 0
        for old in ownErrors.keys where old <= last { ownErrors[old] = nil }
    }

    /// The loss and gradient of a shard.
    /// - Parameter number: the unit's.
    package mutating func result(_ unit: TrainUnit, number: Int) throws -> TrainResult {
        guard let replica else { throw EngineError.replica(ReplicaError.missing(needed: unit.step)) }
        let result = try ShardLoss.result(
            w: replica.matrix, x: try Self.gather(unit.rows, from: rowsOfA),
            y: try Self.gather(unit.rows, from: rowsOfB), dense: unit.dense, execution: execution)
        if case .factor(let errors) = result.gradient {
            if ownErrors.count >= Self.ownErrorCount, let oldest = ownErrors.keys.min() { ownErrors[oldest] = nil }
            ownErrors[number] = errors
        }
        return result
    }

    private static func gather(_ rows: [Int], from store: [Int: ArraySlice<Float>]) throws(EngineError) -> FloatMatrix {
        var values: [Float] = []
        for row in rows {
            guard let activation = store[row] else { throw .missingRow(row) }
            values.append(contentsOf: activation)
        }
        return FloatMatrix(rows: rows.count, columns: rows.isEmpty ? 0 : values.count / rows.count, values: values)
    }
}
