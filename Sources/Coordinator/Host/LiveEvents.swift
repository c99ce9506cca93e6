import Evaluation
import Foundation
import Reports
import Run
import Storage

/// TensorBoard's event file of a run at work. Answers go into it in the order of the items, however they come, so that
/// at any moment it is the beginning of the file that the finished run has.
struct LiveEvents {
    /// Bytes that belong to a place in a file.
    struct Part: Sendable {
        let file: URL
        let offset: Int
        let bytes: Data

        /// Writes them where they are not there already, in place: who reads the file goes on reading it. What the file
        /// has behind them is of another beginning where they were not there, and goes.
        /// - Parameter isWhole: whether nothing comes behind them.
        func write(isWhole: Bool = false) throws {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw StorageError.system(operation: "open", path: file.path, code: errno)
            }
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            // Where a part before did not get there, the end brings all of them.
            guard try handle.seekToEnd() >= offset else { return }
            try handle.seek(toOffset: UInt64(offset))
            let there = try handle.read(upToCount: bytes.count) ?? Data()
            let isBeginning = there == bytes.prefix(there.count)
            let common = isBeginning ? there.count : zip(there, bytes).prefix { $0 == $1 }.count
            guard common < bytes.count || isWhole else { return }
            try handle.truncate(atOffset: UInt64(offset + common))
            try handle.write(contentsOf: bytes.dropFirst(common))
        }
    }

    private let file: URL
    private var events = RunEvents()
    private var offset = 0
    private var hasLosses = false
    private var hasBegun = false
    /// The next item of a task over a channel.
    private var (task, channel, item) = (0, 0, 0)
    private var lastAdvance: Instant?

    /// Items that are taken in at a time, and how often.
    private static let (most, seconds) = (64, 1.0)

    init(in folder: URL, run: String) {
        file = folder.appendingPathComponent(RunEvents.fileName(ofRun: run))
    }

    /// What has come since it was asked for last; nil where that is nothing, or was asked for a moment ago.
    mutating func due(_ run: LiveRun, at now: Instant) -> Part? {
        if let lastAdvance, now.seconds(since: lastAdvance) < Self.seconds { return nil }
        lastAdvance = now
        var taken = 0
        while taken < Self.most, takeItem(of: run) { taken += 1 }
        let bytes = hasLosses ? events.takeBytes() : Data()
        guard !bytes.isEmpty else { return nil }
        defer { offset += bytes.count }
        return Part(file: file, offset: offset, bytes: bytes)
    }

    /// Takes the next item in, if its answers are here.
    private mutating func takeItem(of run: LiveRun) -> Bool {
        let (inputs, configuration) = (run.inputs, run.inputs.configuration)
        guard task < inputs.tasks.count else { return false }
        let asked = inputs.tasks[task]
        let stage = Stage.evaluate(task: asked.task.name)
        guard let first = run.answers(to: item, of: asked, stage, channel: 0),
            let own = run.answers(to: item, of: asked, stage, channel: channel)
        else { return false }
        // Tasks come when every training is done.
        if !hasLosses { addLosses(of: run) }
        let metrics = Metric.all(of: asked.task, configuration.evaluation.endpoints)
        if !hasBegun {
            events.begin(
                asked.task, conditions: asked.conditions, metrics: metrics, over: configuration.channels[channel],
                among: configuration.channels.count)
            hasBegun = true
        }
        let answers = asked.asked.grouped(asked.merged(first: first, own: own, channel: channel))
        guard
            let scored = try? ScoredItem(
                asked.items[item], answers, of: asked.task, conditions: asked.conditions, metrics: metrics,
                preset: configuration.evaluation.preset)
        else { return false }
        events.add(scored)
        item += 1
        guard item == asked.items.count else { return true }
        (item, channel, hasBegun) = (0, channel + 1, false)
        if channel == configuration.channels.count { (channel, task) = (0, task + 1) }
        return true
    }

    private mutating func addLosses(of run: LiveRun) {
        hasLosses = true
        let trainings = FinishedRun.trainings(of: run)
        for training in trainings {
            events.add(
                training.losses, of: training.channel,
                among: max(run.inputs.configuration.channels.count, trainings.count))
        }
    }
}
