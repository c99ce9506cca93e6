import Run
import Storage
import Wire

/// What is finished: results of units, in the journal when they count, and the activations.
struct RunResults {
    private let inputs: RunInputs
    private let journal: Journal
    /// nil where the run trains no W.
    private(set) var activations: ActivationStore?
    /// Results of the units on disk, those of the extraction, of steps and of sums left out.
    private(set) var results: [UnitID: UnitResult] = [:]
    /// Where the sums lie that closed forms are made of: all together are more than memory is for.
    private var positions: [UnitID: Journal.Position] = [:]
    /// Of the units that were on disk when the run was taken up.
    private(set) var digests: [UnitID: String] = [:]
    /// Records appended to the journal that no commit has begun for, and those of the commit that has begun.
    private var uncommitted: [ResultRecord] = []
    private var committing: [ResultRecord] = []
    private var isCommitting = false
    /// Whether results were taken back that no commit has begun for.
    private var hasRetractions = false
    /// How often all that W had learned was taken back: what it has learned before counts no more.
    private(set) var unlearnings = 0

    /// Opens the journal and takes in what it holds of the run.
    init(_ inputs: RunInputs, storage: any RunStorage) throws {
        self.inputs = inputs
        var store =
            inputs.activations
            ?? inputs.schedule.map { _ in
                ActivationStore(
                    textCount: inputs.texts.count, sites: inputs.plan.sites, dimensionA: inputs.dimensionA,
                    dimensionB: inputs.dimensionB)
            }
        var (results, digests): ([UnitID: UnitResult], [UnitID: String]) = ([:], [:])
        var positions: [UnitID: Journal.Position] = [:]
        var unlearnings = 0
        journal = try storage.journal { entry in
            let (run, change): (String, ResultRecord.Change)
            do {
                (run, change) = try ResultRecord.change(entry.payload)
            } catch {
                // Its checksum holds, so it is as it was written.
                let cause = (error as? WireError)?.cause ?? "\(error)"
                throw HostError.otherVersion(
                    path: storage.path(of: RunFiles.journal), cause: "record at byte \(entry.position.offset): \(cause)"
                )
            }
            guard run == inputs.manifest.run else { return }
            let record: ResultRecord
            switch change {
            case .retraction(let units):
                for unit in units { (digests[unit], results[unit], positions[unit]) = (nil, nil, nil) }
                if units.contains(.firstOfTraining) { unlearnings += 1 }
                return
            case .result(let result): record = result
            }
            guard inputs.plan.contains(record.unit) || record.unit.stage == .train,
                digests[record.unit] == nil, inputs.flaw(of: record.result, for: record.unit) == nil
            else { return }
            switch record.result {
            // Steps are kept by checkpoints.
            case .train: return
            case .extract(let result):
                store?.insert(
                    result, atText: inputs.range(of: record.unit).lowerBound, sites: inputs.plan.sites)
            case .sums: positions[record.unit] = entry.position
            case .parity, .trainOutputs, .similarity, .evaluate: results[record.unit] = record.result
            }
            digests[record.unit] = record.digest
        }
        activations = store
        self.results = results
        self.positions = positions
        self.digests = digests
        self.unlearnings = unlearnings
    }

    /// Records that were on disk, whichever run's they are.
    var recordCount: Int { journal.recovery.records }

    /// Bytes of a record whose writing was cut off.
    var cutBytes: UInt64 { journal.recovery.cutBytes }

    /// The blocks of outputs that were on disk.
    var blockCount: Int { digests.keys.count { $0.stage == .train } }

    /// Forgets what W's were made of, or are made without: blocks of outputs, sums. They stay on disk.
    mutating func forget(_ stage: Stage) {
        results = results.filter { $0.key.stage != stage }
        digests = digests.filter { $0.key.stage != stage }
        positions = positions.filter { $0.key.stage != stage }
    }

    /// A unit's sums, read from the journal; nil where they are not there.
    func sums(_ unit: UnitID) throws -> SumsResult? {
        guard let position = positions[unit],
            case .sums(let result) = try ResultRecord.decode(journal.read(at: position)).record.result
        else { return nil }
        return result
    }

    /// Takes in what an earlier run has read of the same texts, and puts it on disk as this run's.
    /// - Returns: how many units it was.
    mutating func take(_ foreign: ForeignActivations) throws -> Int {
        var count = 0
        try foreign.take(for: inputs) { unit, result in
            guard digests[unit] == nil else { return }
            let record = ResultRecord(run: inputs.manifest.run, unit: unit, result: .extract(result))
            try record.append(to: journal)
            keep(record)
            digests[unit] = record.digest
            count += 1
        }
        try journal.commit()
        return count
    }

    // MARK: New results

    /// Whether ``beginCommit()`` has something to do.
    var hasUncommitted: Bool { (!uncommitted.isEmpty || hasRetractions) && !isCommitting }

    /// Whether nothing waits to be put on disk.
    var isCommitted: Bool { uncommitted.isEmpty && !hasRetractions && !isCommitting }

    mutating func append(_ record: ResultRecord) throws {
        let position = try record.append(to: journal)
        if case .sums = record.result { positions[record.unit] = position }
        uncommitted.append(record)
    }

    /// Has results on disk count no more, from the next commit on: all of them, or none.
    mutating func retract(_ units: [UnitID]) throws {
        try journal.append(ResultRecord.retraction(of: units, run: inputs.manifest.run))
        hasRetractions = true
        for unit in units { (digests[unit], results[unit], positions[unit]) = (nil, nil, nil) }
    }

    /// Gives up what no commit has begun for: the journal takes nothing any more.
    mutating func abandon() { (uncommitted, hasRetractions) = ([], false) }

    /// Begins to put the records appended since the last commit on disk.
    /// - Returns: nil where there is nothing to wait for, or the wait before has not ended.
    mutating func beginCommit() throws -> Journal.Commit? {
        guard hasUncommitted else { return nil }
        let commit = try journal.beginCommit()
        swap(&committing, &uncommitted)
        (isCommitting, hasRetractions) = (commit != nil, false)
        return commit
    }

    /// Takes in how the wait ended.
    /// - Returns: the records that are on disk since: they are to be kept, and then counted, in this order.
    mutating func finishCommit(
        _ commit: Journal.Commit, _ result: Result<Void, StorageError>
    ) throws -> [ResultRecord] {
        let records = committing
        (committing, isCommitting) = ([], false)
        try journal.finish(commit, result)
        return records
    }

    /// Keeps a result that is on disk.
    mutating func keep(_ record: ResultRecord) {
        switch record.result {
        case .extract(let result):
            activations?.insert(
                result, atText: inputs.range(of: record.unit).lowerBound, sites: inputs.plan.sites)
        case .sums: break
        default: results[record.unit] = record.result
        }
    }
}
