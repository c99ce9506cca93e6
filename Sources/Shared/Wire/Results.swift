import CWireMessages
import Run

/// A unit's result with its names, as ``WorkerMessage/result(run:lease:unit:result:)`` holds them.
struct ResultReport {
    var run: String
    var lease: LeaseID
    var unit: UnitID
    var result: UnitResult

    func write(_ writer: inout MessageWriter) -> UnsafeMutablePointer<Wire__Result> {
        let message = writer.new(wire__result__init)
        (message.pointee.has_run, message.pointee.run) = writer.field(run)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.unit = unit.write(writer)
        switch result {
        case .parity(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_PARITY
            message.pointee.parity = result.write(writer)
        case .extract(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_EXTRACT
            message.pointee.extract = result.write(&writer)
        case .train(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_TRAIN
            message.pointee.train = result.write(&writer)
        case .trainOutputs(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_TRAIN_OUTPUTS
            message.pointee.train_outputs = result.write(&writer)
        case .sums(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_SUMS
            message.pointee.sums = result.write(&writer)
        case .similarity(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_SIMILARITY
            message.pointee.similarity = result.write(writer)
        case .evaluate(let result):
            message.pointee.kind_case = WIRE__RESULT__KIND_EVALUATE
            message.pointee.evaluate = result.write(writer)
        }
        return message
    }

    init(run: String, lease: LeaseID, unit: UnitID, result: UnitResult) {
        self.run = run
        self.lease = lease
        self.unit = unit
        self.result = result
    }

    init(_ message: Wire__Result, _ tensors: inout TensorFrames) throws(WireError) {
        run = try Field.text(message.has_run, message.run, "run")
        lease = try Field.lease(message.has_lease, message.lease, "lease")
        unit = try UnitID(message.unit, "unit")
        switch message.kind_case {
        case WIRE__RESULT__KIND_PARITY:
            try unit.require(.parity, "unit")
            result = try within("parity") { () throws(WireError) in
                .parity(try ParityResult(try Field.message(message.parity, "")))
            }
        case WIRE__RESULT__KIND_EXTRACT:
            try unit.require(.extract, "unit")
            result = try within("extract") { () throws(WireError) in
                .extract(try ExtractResult(try Field.message(message.extract, ""), &tensors))
            }
        case WIRE__RESULT__KIND_TRAIN:
            try unit.require(.train, "unit")
            result = try within("train") { () throws(WireError) in
                .train(try TrainResult(try Field.message(message.train, ""), &tensors))
            }
        case WIRE__RESULT__KIND_TRAIN_OUTPUTS:
            try unit.require(.train, "unit")
            result = try within("train_outputs") { () throws(WireError) in
                .trainOutputs(try TrainOutputsResult(try Field.message(message.train_outputs, ""), &tensors))
            }
        case WIRE__RESULT__KIND_SUMS:
            try unit.require(.sums, "unit")
            result = try within("sums") { () throws(WireError) in
                .sums(try SumsResult(try Field.message(message.sums, ""), &tensors))
            }
        case WIRE__RESULT__KIND_SIMILARITY:
            try unit.require(.similarity, "unit")
            result = try within("similarity") { () throws(WireError) in
                .similarity(try SimilarityResult(try Field.message(message.similarity, "")))
            }
        case WIRE__RESULT__KIND_EVALUATE:
            try unit.requireTask("unit")
            result = try within("evaluate") { () throws(WireError) in
                .evaluate(try EvaluateResult(try Field.message(message.evaluate, "")))
            }
        default:
            throw WireError(
                expected: "parity, extract, train, train_outputs, sums, similarity or evaluate", found: "none of them")
        }
    }
}

/// A unit that cannot be done, as ``WorkerMessage/failure(lease:unit:cause:)`` holds it.
struct FailureReport {
    var lease: LeaseID
    var unit: UnitID
    var cause: String

    init(lease: LeaseID, unit: UnitID, cause: String) {
        self.lease = lease
        self.unit = unit
        self.cause = cause
    }

    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Failure> {
        let message = writer.new(wire__failure__init)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.unit = unit.write(writer)
        (message.pointee.has_cause, message.pointee.cause) = writer.field(cause)
        return message
    }

    init(_ message: Wire__Failure) throws(WireError) {
        lease = try Field.lease(message.has_lease, message.lease, "lease")
        unit = try UnitID(message.unit, "unit")
        cause = try Field.text(message.has_cause, message.cause, "cause")
    }
}

/// What a worker spent on a unit.
struct SpendingReport {
    var lease: LeaseID
    var unit: UnitID
    var seconds: [Double]

    init(lease: LeaseID, unit: UnitID, seconds: [Double]) {
        self.lease = lease
        self.unit = unit
        self.seconds = seconds
    }

    func write(_ writer: MessageWriter) -> UnsafeMutablePointer<Wire__Spending> {
        let message = writer.new(wire__spending__init)
        (message.pointee.has_lease, message.pointee.lease) = writer.field(lease.value)
        message.pointee.unit = unit.write(writer)
        (message.pointee.n_seconds, message.pointee.seconds) = writer.list(seconds) { $0 }
        return message
    }

    init(_ message: Wire__Spending) throws(WireError) {
        lease = try Field.lease(message.has_lease, message.lease, "lease")
        unit = try UnitID(message.unit, "unit")
        seconds = try Field.list(message.n_seconds, message.seconds, "seconds") { (value) throws(WireError) in
            try Field.measure(1, value, "")
        }
    }
}
