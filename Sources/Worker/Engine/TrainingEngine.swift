package import Devices
import Foundation
package import Projection
package import Run

/// The part of a worker that trains and holds W: its W's by channel, and the activations that it holds.
package struct TrainingEngine {
    let device: any Device
    var activations: ActivationMemory
    private var replicas: [Channel: ProjectionReplica] = [:]
    /// The channels of whose W there is a copy, the one used last at the end.
    private var copies: [Channel] = []
    /// The W that was asked for last, as units use it: later stages ask channel after channel.
    private var projected: (channel: Channel, version: Int, projections: [LinearProjection])?
    /// E of the latest shards that were computed here, by the unit's number.
    private var ownErrors: [Int: FloatMatrix] = [:]
    /// Results of shards that were computed with others and not asked for yet, by the unit's number.
    private var waiting: [Int: (unit: TrainUnit, result: TrainResult)] = [:]

    /// Shards whose errors are kept, for the steps that are taken here.
    private static let ownErrorCount = 256

    /// What a worker may use for activations and a block of W: half of the machine's memory, the models apart.
    package static var halfOfMemory: Double { Double(ProcessInfo.processInfo.physicalMemory) / 2 }

    package init(device: any Device, memoryLimit: Double = TrainingEngine.halfOfMemory) {
        self.device = device
        activations = ActivationMemory(limit: memoryLimit)
    }

    // MARK: What is held

    /// The channel's W's as the unit of the last ``prepare(_:)`` needs them, link by link; nil where the run has none.
    package mutating func projections(of channel: Channel) throws(EngineError) -> [LinearProjection]? {
        guard let replica = replicas[channel] else { return nil }
        if let projected, projected.channel == channel, projected.version == replica.version {
            return projected.projections
        }
        do {
            let w = try replica.projection()
            guard let parts = w.cut(into: channel.links.count) else {
                throw ReplicaError.uneven(outputs: w.rows, links: channel.links.count)
            }
            let projections = parts.map(LinearProjection.init)
            projected = (channel, replica.version, projections)
            return projections
        } catch {
            throw .replica(error)
        }
    }

    /// Keeps activations that came ahead of their units.
    package mutating func keep(_ activations: TextActivations) {
        self.activations.keepMakingRoom(activations)
    }

    /// Keeps what the worker has read itself.
    package mutating func keep(_ unit: ExtractUnit, _ result: ExtractResult) {
        let texts = Array(unit.firstText..<unit.firstText + unit.texts.count)
        let sites = unit.sitesOfA.map { Site.a($0) } + unit.sitesOfB.map { Site.b($0) }
        for (site, values) in zip(sites, result.a + result.b) {
            activations.keepWithinLimit(TextActivations(site: site, texts: texts, values: values))
        }
    }

    /// Takes in what came with a grant and brings the channel's W to the version that its unit needs.
    package mutating func prepare(_ grant: Grant) throws(EngineError) {
        for activations in grant.activations { self.activations.keep(activations) }
        guard let needed = grant.projection else { return }
        try receive(needed)
        replicas[needed.channel]?.follow(to: needed.version)
        guard let replica = replicas[needed.channel] else {
            throw .replica(ReplicaError.missing(needed: needed.version))
        }
        guard replica.version == needed.version else {
            throw .replica(ReplicaError.otherVersion(held: replica.version, needed: needed.version))
        }
        use(replica, of: needed.channel)
    }

    /// Keeps of the copies those that were used last: what the coordinator counts on.
    private mutating func use(_ replica: ProjectionReplica, of channel: Channel) {
        copies.removeAll { $0 == channel }
        guard !replica.isMapped else { return }
        copies.append(channel)
        if copies.count > MessageLimits.heldProjections { set(nil, of: copies.removeFirst()) }
    }

    private mutating func receive(_ needed: GrantedProjection) throws(EngineError) {
        let channel = needed.channel
        switch needed.supply {
        case .held: break
        case .whole(let matrix, let moments):
            set(ProjectionReplica(matrix, moments: moments, version: needed.version), of: channel)
        case .initial(let initial, let updates, let checksum):
            let matrix = initial.initialization.matrix(
                dimensionA: initial.dimensionA, dimensionB: initial.dimensionB, seed: initial.seed)
            guard !updates.isEmpty || matrix.checksum == checksum else {
                throw .replica(ReplicaError.checksum(version: 0))
            }
            set(ProjectionReplica(matrix, moments: nil, version: 0), of: channel)
            if !updates.isEmpty { try take(updates, checksum: checksum, of: channel) }
        case .replay(let updates, let checksum): try take(updates, checksum: checksum, of: channel)
        case .shared(let shared, let checksum):
            set(nil, of: channel)
            do {
                let replica = try ProjectionReplica(mapping: shared, version: needed.version, checksum: checksum)
                set(replica, of: channel)
            } catch {
                throw .replica(error)
            }
        }
    }

    private mutating func set(_ replica: ProjectionReplica?, of channel: Channel) {
        replicas[channel] = replica
        if projected?.channel == channel { projected = nil }
        waiting = [:]
    }

    private mutating func take(
        _ updates: [StepUpdate], checksum: UInt64, of channel: Channel
    ) throws(EngineError) {
        guard var replica = replicas[channel] else {
            throw .replica(ReplicaError.missing(needed: updates.first?.step ?? 0))
        }
        // Held once only, so that the steps work in place; of no use where they fail.
        set(nil, of: channel)
        let (activations, errors) = (activations, ownErrors)
        do {
            try replica.take(
                updates, checksum: checksum, row: { activations[.a(channel.k), $0] }, ownErrors: { errors[$0] },
                on: device)
        } catch {
            throw .replica(error)
        }
        replicas[channel] = replica
        let last = updates.last?.shards.last?.unit ?? 0
        for old in ownErrors.keys where old <= last { ownErrors[old] = nil }
    }

    // MARK: Shards

    /// The loss and gradient of the grant's shard. Those of its companions are computed in the same pass over W, and
    /// kept until they are asked for.
    package mutating func result(_ unit: TrainUnit, of grant: Grant) throws -> TrainResult {
        if let kept = waiting.removeValue(forKey: grant.id.index), kept.unit == unit { return kept.result }
        guard let channel = grant.projection?.channel, let replica = replicas[channel] else {
            throw EngineError.replica(ReplicaError.missing(needed: unit.step))
        }
        waiting = [:]
        let (a, b) = (Site.a(channel.k), Site.b(channel.j))
        // A companion whose activations are not here says so when its turn comes.
        let companions = grant.companions.filter { companion in
            // A matrix for each of them would wait: factors are small.
            companion.unit.step == unit.step && !companion.unit.dense && !unit.dense
                && companion.unit.texts.allSatisfy { activations[a, $0] != nil && activations[b, $0] != nil }
        }
        let units = [unit] + companions.map(\.unit)
        let numbers = [grant.id.index] + companions.map(\.id.index)
        let shards = try units.map { unit in
            (x: try activations.gather(unit.texts, at: a), y: try activations.gather(unit.texts, at: b))
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

    // MARK: Blocks of outputs

    /// Trains a block of W's outputs: activations have come ahead of the unit, and it needs nobody else.
    /// - Parameters:
    ///   - targets: the activations that W maps to, of all texts, the block's columns.
    ///   - report: told now and then how much is done, 0 to 1.
    package mutating func result(
        _ unit: TrainOutputsUnit, targets: FloatMatrix, report: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws -> TrainOutputsResult {
        let site = unit.channel.source
        let needed = OutputBlockTraining.memory(unit, on: device)
        guard needed <= activations.limit else {
            throw EngineError.memory(needed: needed, limit: activations.limit, texts: unit.schedule.textCount)
        }
        // What is needed counts the site's activations as well.
        activations.makeRoom(
            for: needed - 4 * Double(unit.schedule.textCount) * Double(unit.dimensionA), keeping: site)
        var x: [ArraySlice<Float>] = []
        x.reserveCapacity(unit.schedule.textCount)
        for text in 0..<unit.schedule.textCount {
            guard let values = activations[site, text] else { throw EngineError.missingText(text, site: site) }
            x.append(values)
        }
        return try OutputBlockTraining.result(unit, x: x, y: targets, on: device, report: report)
    }
}
