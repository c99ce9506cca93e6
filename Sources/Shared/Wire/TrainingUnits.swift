import CWireMessages
import Run

// The units that W comes from: extraction and training.

extension ExtractUnit {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__ExtractUnit> {
        let message = writer.new(wire__extract_unit__init)
        (message.pointee.has_first_text, message.pointee.first_text) = writer.field(firstText)
        (message.pointee.n_texts, message.pointee.texts) = writer.list(texts)
        (message.pointee.has_maximum_tokens, message.pointee.maximum_tokens) = writer.field(maximumTokens)
        (message.pointee.n_sites_of_a, message.pointee.sites_of_a) = writer.list(sitesOfA)
        (message.pointee.n_sites_of_b, message.pointee.sites_of_b) = writer.list(sitesOfB)
        if let answerTokens {
            (message.pointee.has_answer_tokens, message.pointee.answer_tokens) = writer.field(answerTokens)
        }
        return message
    }

    init(_ message: Wire__ExtractUnit) throws(WireError) {
        self.init(
            firstText: try Field.number(message.has_first_text, message.first_text, "first_text"),
            texts: try Field.texts(message.n_texts, message.texts, "texts"),
            maximumTokens: try Field.number(
                message.has_maximum_tokens, message.maximum_tokens, "maximum_tokens", in: 1...WireLimits.tokens),
            sitesOfA: try Field.sites(message.n_sites_of_a, message.sites_of_a, "sites_of_a"),
            sitesOfB: try Field.sites(message.n_sites_of_b, message.sites_of_b, "sites_of_b"),
            answerTokens: message.has_answer_tokens == 0
                ? nil
                : try Field.number(
                    message.has_answer_tokens, message.answer_tokens, "answer_tokens", in: 1...WireLimits.tokens))
    }
}

extension Field {
    /// Block counts of one model, each once: as many as a result may have frames for.
    /// - Parameter least: how many there have to be.
    static func sites(
        _ count: Int, _ sites: UnsafeMutablePointer<Int64>?, _ name: String, from least: Int = 1
    ) throws(WireError) -> [Int] {
        guard count >= least else { throw Field.missing(name) }
        let sites = try Field.numbers(count, sites, name)
        guard sites.count <= MessageLimits.sites, sites.allSatisfy({ $0 <= WireLimits.layers }),
            zip(sites, sites.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw WireError(
                field: name,
                expected: "\(least) to \(MessageLimits.sites) block counts of at most \(WireLimits.layers), "
                    + "ascending", found: "\(sites.count) others")
        }
        return sites
    }
}

extension TrainUnit {
    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__TrainUnit> {
        let message = writer.new(wire__train_unit__init)
        (message.pointee.has_step, message.pointee.step) = writer.field(step)
        (message.pointee.n_texts, message.pointee.texts) = writer.list(texts)
        (message.pointee.has_dense, message.pointee.dense) = writer.field(dense)
        return message
    }

    init(_ message: Wire__TrainUnit) throws(WireError) {
        self.init(
            step: try Field.number(message.has_step, message.step, "step"),
            texts: try Field.numbers(message.n_texts, message.texts, "texts"),
            dense: try Field.flag(message.has_dense, message.dense, "dense"))
    }
}

extension TrainOutputsUnit {
    func write(
        targets: FloatMatrix, _ writer: inout MessageWriter
    ) -> UnsafeMutablePointer<Wire__TrainOutputsUnit> {
        let message = writer.new(wire__train_outputs_unit__init)
        (message.pointee.has_first_output, message.pointee.first_output) = writer.field(outputs.lowerBound)
        (message.pointee.has_outputs, message.pointee.outputs) = writer.field(outputs.count)
        (message.pointee.has_dimension_a, message.pointee.dimension_a) = writer.field(dimensionA)
        (message.pointee.has_dimension_b, message.pointee.dimension_b) = writer.field(dimensionB)
        (message.pointee.has_texts, message.pointee.texts) = writer.field(schedule.textCount)
        (message.pointee.has_epochs, message.pointee.epochs) = writer.field(schedule.epochs)
        (message.pointee.has_batch, message.pointee.batch) = writer.field(schedule.batch)
        (message.pointee.has_shard_texts, message.pointee.shard_texts) = writer.field(schedule.shardTexts)
        (message.pointee.has_seed, message.pointee.seed) = writer.field(schedule.seed)
        (message.pointee.has_learning_rate, message.pointee.learning_rate) = writer.field(learningRate)
        (message.pointee.has_initialization, message.pointee.initialization) = writer.field(initialization.code)
        message.pointee.channel = channel.write(writer)
        message.pointee.targets = writer.matrix(targets)
        return message
    }

    init(_ message: Wire__TrainOutputsUnit) throws(WireError) {
        let texts = 1...WireLimits.trainingTexts
        let dimensions = 1...WireLimits.dimensions
        let dimensionB = try Field.number(message.has_dimension_b, message.dimension_b, "dimension_b", in: dimensions)
        let first = try Field.number(
            message.has_first_output, message.first_output, "first_output", in: 0...dimensionB - 1)
        let count = try Field.number(message.has_outputs, message.outputs, "outputs", in: 1...dimensionB - first)
        self.init(
            channel: try Channel(message.channel, "channel"), outputs: first..<first + count,
            dimensionA: try Field.number(message.has_dimension_a, message.dimension_a, "dimension_a", in: dimensions),
            dimensionB: dimensionB,
            schedule: TrainingSchedule(
                textCount: try Field.number(message.has_texts, message.texts, "texts", in: texts),
                epochs: try Field.number(message.has_epochs, message.epochs, "epochs", in: 1...WireLimits.epochs),
                batch: try Field.number(message.has_batch, message.batch, "batch", in: texts),
                shardTexts: try Field.number(message.has_shard_texts, message.shard_texts, "shard_texts", in: texts),
                seed: try Field.value(message.has_seed, message.seed, "seed")),
            learningRate: try Field.interval(message.has_learning_rate, message.learning_rate, "learning_rate"),
            initialization: try Field.choice(
                message.has_initialization, message.initialization, "initialization"))
    }

    /// The matrix that belongs to the unit.
    func targets(
        _ message: UnsafeMutablePointer<Wire__Matrix>?, _ tensors: inout TensorFrames
    ) throws(WireError) -> FloatMatrix {
        let targets = try tensors.matrix(message, "targets")
        guard (targets.rows, targets.columns) == (schedule.textCount, outputs.count) else {
            throw WireError(
                field: "targets", expected: "\(schedule.textCount) × \(outputs.count)",
                found: "\(targets.rows) × \(targets.columns)")
        }
        return targets
    }
}

extension SumsUnit {
    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__SumsUnit> {
        let message = writer.new(wire__sums_unit__init)
        message.pointee.first = writer.matrix(first)
        message.pointee.second = writer.matrix(second)
        return message
    }

    init(_ message: Wire__SumsUnit, _ tensors: inout TensorFrames) throws(WireError) {
        let first = try tensors.matrix(message.first, "first")
        let second = try tensors.matrix(message.second, "second")
        try second.require(rows: first.rows, "second")
        // Their products have to be so few that they can travel back.
        guard first.columns > 0, second.columns > 0, first.columns * second.columns <= WireLimits.doubles else {
            throw WireError(
                field: "second",
                expected: "1 column, or so many that at most \(WireLimits.doubles) products come of them",
                found: "\(second.columns) beside \(first.columns)")
        }
        self.init(first: first, second: second)
    }
}
