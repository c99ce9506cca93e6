import CoordinatorControl
import ModelReading
import PlainText
package import Run
import Wire

/// What a run would have to do, counted before any of it is done: passes, tokens, bytes and memory. Prompts are
/// counted as the workers read them; answers at their longest, since nobody knows where they end.
package struct RunEstimate: Sendable {
    /// Of one model.
    package struct Reading: Sendable {
        /// Passes over prompts or texts.
        package var passes = 0
        /// Tokens of them, each as much as it takes of the model's blocks.
        package var tokens = 0.0
        /// Tokens that are written at most, each a pass of its own.
        package var newTokens = 0

        mutating func read(_ count: Int, ofBlocks share: Double = 1, writing newTokens: Int = 0) {
            passes += 1
            tokens += Double(count) * share
            self.newTokens += newTokens
        }

        mutating func add(_ other: Reading) {
            passes += other.passes
            tokens += other.tokens
            newTokens += other.newTokens
        }
    }

    package struct StageWork: Sendable {
        package let stage: Stage
        package let units: Int
        package var a = Reading()
        package var b = Reading()
        /// Steps of all channels' W's together.
        package var steps = 0
        /// Bytes of its units, and of their results at most; of the training see ``TrainingTravel``.
        var unitBytes = 0
        var resultBytes = 0
    }

    /// What a worker holds in memory at most, in bytes.
    package struct WorkerMemory: Sendable {
        /// Both models' weights, once where they are one.
        package let weights: UInt64
        /// Keys and values of the sequences that are decoded together.
        package let caches: UInt64
        /// Activations that W is trained on, and W with Adam's moments where it is not read in the coordinator's memory.
        package let training: UInt64

        package var total: UInt64 { weights + caches + training }
    }

    package private(set) var stages: [StageWork] = []
    package let workerMemory: WorkerMemory
    /// How W's training travels; nil where none is trained.
    let training: TrainingTravel?
    /// Bytes of the W's that each worker is sent once.
    let projectionBytes: Int
    /// What the coordinator holds of activations and W's.
    package let coordinatorBytes: UInt64
    /// What stays on the disk of them.
    package let fileBytes: UInt64

    /// Sequences at most, which is on a GPU.
    private static let decodedTogether = 64

    /// - Parameter travel: how W's training is cut and travels.
    package init(_ inputs: RunInputs, travel: LiveRun.Travel = .init()) throws {
        let sources = inputs.configuration
        let models = try [sources.modelA, sources.modelB].map {
            try ReadableModel(path: $0, chat: sources.chat, settings: sources.reading)
        }
        let counter = TokenCounter(a: ModelReader(models[0]), b: ModelReader(models[1]))
        stages = inputs.plan.stages.map { counter.work(of: $0, inputs) }
        let newTokens = inputs.tasks.map(\.longestAnswer).max() ?? sources.similarity.newTokens
        let prompt = counter.longest
        let caches =
            models.map { model -> UInt64 in
                let shape = model.folder.configuration
                let positions = min(prompt + newTokens, shape.maximumPositions)
                return UInt64(positions * shape.blockCount * shape.keyValueHeadCount * shape.headDimension)
                    * 2 * 4 * UInt64(Self.decodedTogether)
            }.reduce(0, max)
        let texts = UInt64((inputs.schedule?.textCount ?? 0) + inputs.heldOut.count)
        let activations = inputs.plan.sites.reduce(0) { sum, site in
            sum + texts * UInt64(site.model == .a ? inputs.dimensionA : inputs.dimensionB) * 4
        }
        training = TrainingTravel(inputs, travel)
        let trained = inputs.schedule == nil ? 0 : UInt64(inputs.plan.trainedChannels.count)
        let w = UInt64(inputs.dimensionA * inputs.dimensionB) * 4 * trained
        workerMemory = WorkerMemory(
            weights: inputs.modelBytes, caches: caches, training: trained == 0 ? 0 : activations + 3 * w)
        projectionBytes =
            inputs.configuration.hasProjections
            ? inputs.configuration.channels.reduce(0) {
                $0 + inputs.dimensionA * inputs.dimensionB * 4 * $1.links.count
            } : 0
        let sums = UInt64(inputs.bytesOfSums)
        // W and Adam's two moments.
        coordinatorBytes = activations + 3 * w + UInt64(inputs.bytesOfLine)
        fileBytes = activations + 4 * w + sums
    }

    /// Seconds of each stage, by the speed of each of `workers` workers.
    /// - Parameter secondsOfStep: of W's training, however many workers share in it.
    package func seconds(
        workers: Int, a: ModelSpeed, b: ModelSpeed, secondsOfStep: Double
    ) -> [(stage: Stage, seconds: Double)] {
        stages.map { work in
            let reading = a.seconds(of: work.a) + b.seconds(of: work.b)
            return (work.stage, reading / Double(max(1, workers)) + secondsOfStep * Double(work.steps))
        }
    }
}

/// How fast a worker is with a model.
package struct ModelSpeed: Sendable {
    /// Tokens a second of a prompt, and of one answer that is written.
    package let reading: Double
    package let writing: Double

    package init(reading: Double, writing: Double) {
        self.reading = reading
        self.writing = writing
    }

    func seconds(of work: RunEstimate.Reading) -> Double {
        work.tokens / reading + Double(work.newTokens) / writing
    }
}

/// Counts what both models read.
private final class TokenCounter {
    private let a: ModelReader
    private let b: ModelReader
    private var countsOfA: [ExactText: Int] = [:]
    private var countsOfB: [ExactText: Int] = [:]
    /// What A has been read for units of all channels.
    private var spokenToAll: Set<ExactText> = []
    /// Tokens of the longest prompt so far.
    private(set) var longest = 0

    /// About what an answer takes of a message besides what was written (digests, cost, likelihoods), and each token that
    /// was: its id and its text.
    private static let (bytesOfAnswer, bytesOfToken) = (260, 8)
    private static let bytesOfCheck = 24

    init(a: ModelReader, b: ModelReader) {
        self.a = a
        self.b = b
    }

    func work(of stage: StagePlan, _ inputs: RunInputs) -> RunEstimate.StageWork {
        var work = RunEstimate.StageWork(stage: stage.stage, units: stage.total)
        switch stage.stage {
        case .parity: for unit in 0..<stage.total { compare(unit, inputs, &work) }
        case .extract:
            extract(inputs, &work)
            work.resultBytes = extractedBytes(inputs)
        case .train: work.steps = (inputs.schedule?.steps ?? 0) * inputs.plan.trainedChannels.count
        // Passes of no model.
        case .sums:
            let texts = inputs.configuration.training.rows
            work.unitBytes = inputs.sumsParts.reduce(0) {
                $0 + texts * ($1.columns.count + $1.width) * MemoryLayout<Float>.size
            }
            work.resultBytes = inputs.bytesOfSums
        case .similarity:
            for unit in 0..<stage.total {
                let (_, layer, prompt) = inputs.similarity(unit)
                work.a.read(tokensOfA(prompt), ofBlocks: share(layer, of: a))
                let newTokens = inputs.configuration.similarity.newTokens
                for _ in 0..<2 { work.b.read(tokensOfB(prompt), writing: newTokens) }
                if inputs.configuration.delivery.matchesNorm {
                    work.b.read(tokensOfB(prompt), ofBlocks: share(layer, of: b))
                }
                work.unitBytes += prompt.utf8.count
                work.resultBytes += 2 * newTokens * Self.bytesOfToken
            }
        case .evaluate:
            for index in 0..<stage.total {
                let id = UnitID(stage.stage, index)
                guard case .evaluate(let unit) = inputs.unit(id) else { continue }
                evaluate(unit, by: inputs.configuration.delivery, &work)
                let grant = Grant(lease: LeaseID(.max), id: id, unit: .evaluate(unit))
                work.unitBytes += WireFormat.encode(.grant(grant) as CoordinatorMessage).byteCount
                let answers = unit.items.count * unit.conditions.count
                work.resultBytes += answers * (Self.bytesOfAnswer + unit.form.longest * Self.bytesOfToken)
            }
        }
        return work
    }

    /// A reference's prompt is read whole, by a pass to each site that it has figures of, and continued.
    private func compare(_ unit: Int, _ inputs: RunInputs, _ work: inout RunEstimate.StageWork) {
        let id = UnitID(.parity, unit)
        guard let content = inputs.unit(id), case .parity(let part) = content else { return }
        let reader = part.model == .a ? a : b
        var reading = RunEstimate.Reading()
        for prompt in part.reference.prompts {
            let tokens = prompt.ids.count
            reading.read(tokens)
            let blocks = prompt.residualAfterBlock?.rows ?? 0
            for layer in 0..<blocks { reading.read(tokens, ofBlocks: share(layer + 1, of: reader)) }
            reading.read(tokens, writing: prompt.continuationIds.count)
        }
        if part.model == .a { work.a.add(reading) } else { work.b.add(reading) }
        let grant = Grant(lease: LeaseID(.max), id: id, unit: content)
        work.unitBytes += WireFormat.encode(.grant(grant) as CoordinatorMessage).byteCount
        work.resultBytes += ParityFigure.allCases.count * Self.bytesOfCheck
    }

    private func extract(_ inputs: RunInputs, _ work: inout RunEstimate.StageWork) {
        let limit = inputs.configuration.training.maximumTokens
        let k = inputs.plan.sites.filter { $0.model == .a }.map(\.blocks).max() ?? 0
        let j = inputs.plan.sites.filter { $0.model == .b }.map(\.blocks).max() ?? 0
        for text in inputs.texts {
            work.unitBytes += text.utf8.count
            let isPrompt = inputs.promptReading != nil
            let ofA = isPrompt ? tokensOfA(text) : a.tokenCount(ofText: text, maximumTokens: limit)
            let ofB = isPrompt ? tokensOfB(text) : b.tokenCount(ofText: text, maximumTokens: limit)
            work.a.read(ofA, ofBlocks: share(k, of: a))
            work.b.read(ofB, ofBlocks: share(j, of: b))
        }
    }

    private func extractedBytes(_ inputs: RunInputs) -> Int {
        inputs.plan.sites.reduce(0) {
            $0 + inputs.texts.count * ($1.model == .a ? inputs.dimensionA : inputs.dimensionB) * 4
        }
    }

    private func evaluate(
        _ unit: EvaluateUnit, by delivery: Condition.Delivery, _ work: inout RunEstimate.StageWork
    ) {
        // Likelihoods are read, not written.
        let newTokens = unit.endpoints.contains(.answers) ? unit.form.longest : 0
        var spoken: Set<ExactText> = []
        var measured: Set<ExactText> = []
        for item in unit.items {
            for condition in unit.conditions {
                guard let prompt = item.prompts[condition.prompt] else { continue }
                if condition.answerer == .a {
                    work.a.read(tokensOfA(prompt), writing: newTokens)
                } else {
                    work.b.read(tokensOfB(prompt), writing: newTokens)
                }
                let isMatched = condition.usesChannel && (condition.delivery ?? delivery).matchesNorm
                if isMatched, condition.answerer == .b, measured.insert(ExactText(prompt)).inserted {
                    work.b.read(tokensOfB(prompt), ofBlocks: share(unit.channel.blocks(of: .b).max() ?? 0, of: b))
                }
                guard let message = condition.message, let role = message.source, let source = item.prompts[role] else {
                    continue
                }
                if case .words(_, let words) = message {
                    work.a.read(tokensOfA(source), writing: words)
                } else if let deepest = unit.sitesOfA.last {
                    // Read once for all channels, by the worker that has their units.
                    if spokenToAll.insert(ExactText(source)).inserted {
                        work.a.read(tokensOfA(source), ofBlocks: share(deepest, of: a))
                    }
                } else if spoken.insert(ExactText(source)).inserted {
                    work.a.read(tokensOfA(source), ofBlocks: share(unit.channel.blocks(of: .a).max() ?? 0, of: a))
                }
            }
        }
    }

    private func share(_ blocks: Int, of model: ModelReader) -> Double { Double(blocks) / Double(model.blockCount) }

    private func tokensOfA(_ prompt: String) -> Int { count(prompt, a, &countsOfA) }
    private func tokensOfB(_ prompt: String) -> Int { count(prompt, b, &countsOfB) }

    private func count(_ prompt: String, _ model: ModelReader, _ known: inout [ExactText: Int]) -> Int {
        let text = ExactText(prompt)
        if let count = known[text] { return count }
        let count = model.tokenCount(ofPrompt: prompt)
        known[text] = count
        longest = max(longest, count)
        return count
    }
}

extension AnswerForm {
    /// New tokens at most; of a choice about those that are read of it.
    var longest: Int { if case .text(let limits) = self { limits.maximumNewTokens } else { 1 } }
}

extension RunInputs.TaskInputs {
    var longestAnswer: Int { form.longest }
}
