import Run
import Testing
import Wire

struct FieldTests {
    @Test(arguments: Sample.all)
    func `a required field that is missing is named`(sample: Sample) throws {
        func check<Message: WireValue>(_ message: Message) throws {
            let frames = message.encoded.frames
            for (path, presence, rest) in sample.header.withoutOne() {
                let error = refusal(Message.self, rest.encoded, frames)
                switch presence {
                case .required:
                    // A worker's or coordinator's message has the outermost name as its kind.
                    let field = error?.message == path.first ? Array(path.dropFirst()) : path
                    #expect(error?.field == field.joined(separator: "."))
                    #expect(error?.found == "none", "\(path)")
                case .choice, .referred:
                    #expect(error != nil, "\(path)")
                case .optional:
                    // A tensor or the number of rows that is left out is missed elsewhere.
                    #expect(error == nil || !frames.isEmpty, "\(path)")
                }
            }
        }
        try check(sample.message)
    }

    @Test func `an unknown field is ignored`() throws {
        let goodbye = HeaderField.message(6, "goodbye", [.text(1, "reason", "r"), .text(99, "later", "x")])
        let header = [goodbye, .integer(1000, "later", 5)].encoded
        #expect(try WorkerMessage(header: header) == .goodbye(reason: "r"))
    }

    @Test func `of several kinds of message in one header the last counts`() throws {
        let header =
            WorkerMessage.heartbeat(Heartbeat([LeaseID(1)])).encoded.header
            + WorkerMessage.goodbye(reason: "r").encoded.header
        #expect(try WorkerMessage(header: header) == .goodbye(reason: "r"))
    }

    @Test func `an empty header is no message`() {
        #expect(refusal(WorkerMessage.self, [])?.found == "none of them")
        #expect(refusal(CoordinatorMessage.self, [])?.found == "none of them")
        #expect(refusal(StatusReply.self, [])?.found == "none of them")
        #expect(refusal(StatusQuery.self, [])?.field == "protocol_version")
    }

    @Test(arguments: Sample.all)
    func `a message at the wrong end of the wire is refused`(sample: Sample) {
        let (header, frames) = (sample.header.encoded, sample.message.encoded.frames)
        if !(sample.message is WorkerMessage) { #expect(refusal(WorkerMessage.self, header, frames) != nil) }
        if !(sample.message is CoordinatorMessage) { #expect(refusal(CoordinatorMessage.self, header, frames) != nil) }
        if !(sample.message is StatusQuery) { #expect(refusal(StatusQuery.self, header, frames) != nil) }
        if !(sample.message is StatusReply) { #expect(refusal(StatusReply.self, header, frames) != nil) }
    }

    @Test(
        arguments: [[0xff], [0x61, 0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]])
    func `bytes that are not UTF-8 are refused as text`(bytes: [UInt8]) throws {
        let header = [HeaderField.message(6, "goodbye", [.bytes(1, "reason", bytes)])].encoded
        let error = try #require(refusal(WorkerMessage.self, header))
        #expect(error.message == "goodbye")
        #expect(error.field == "reason")
        #expect(error.expected == "UTF-8")
    }

    @Test func `a text in a list is named by its place`() throws {
        let unit = HeaderField.message(
            1, "extract",
            [
                .integer(1, "first_text", 0), .text(2, "texts[0]", "ok"), .bytes(2, "texts[1]", [0x80]),
                .integer(3, "maximum_tokens", 1),
            ])
        let header = [HeaderField.message(13, "grant", [unitID("extract"), .message(3, "unit", [unit])])].encoded
        let error = try #require(refusal(CoordinatorMessage.self, header))
        #expect(error.message == "grant")
        #expect(error.field == "unit.extract.texts[1]")
    }

    @Test(arguments: ["", "Squad", "a b", "squad\u{0}"])
    func `a stage's name that is none is refused`(name: String) throws {
        let unit = HeaderField.message(2, "unit", [.text(1, "stage", name), .integer(2, "index", 0)])
        let header = [HeaderField.message(5, "failure", [.integer(1, "lease", 1), unit, .text(3, "cause", "")])].encoded
        #expect(try #require(refusal(WorkerMessage.self, header)).field == "unit.stage")
    }

    @Test func `a condition that says nothing known is refused in its place`() throws {
        let conditions: [HeaderField] = [("b_full", 2, 3), ("odd", 3, 3)].map { name, answerer, prompt in
            .message(
                3, "condition",
                [.text(1, "name", name), .integer(2, "answerer", answerer), .integer(3, "prompt", prompt)])
        }
        let unit = HeaderField.message(
            4, "evaluate",
            [
                .text(1, "task", "squad"),
                .message(2, "channel", [.integer(1, "k", 1), .integer(2, "j", 1), .integer(3, "fit", 1)]),
            ] + conditions
                + [.message(6, "choice", [])])
        let header = [HeaderField.message(13, "grant", [unitID("squad"), .message(3, "unit", [unit])])].encoded
        let error = try #require(refusal(CoordinatorMessage.self, header))
        #expect(error.field == "unit.evaluate.conditions[1].answerer")
        #expect(error.expected == "one of 1 (A), 2 (B)")
    }

    @Test func `an item without a prompt that a condition reads, or without choices, is refused`() {
        func refused(_ prompts: [PromptRole: String], _ form: AnswerForm) -> String? {
            let unit = EvaluateUnit(
                task: "squad", channel: Channel(k: 1, j: 1),
                conditions: [Condition("x", .b, reads: .b, told: .activation(of: .other(1)))],
                items: [EvaluationItem(id: "1", prompts: prompts)], form: form)
            return refusal(
                of: CoordinatorMessage.grant(
                    Grant(lease: LeaseID(1), id: UnitID(.evaluate(task: "squad"), 0), unit: .evaluate(unit))))?.field
        }
        let text = AnswerForm.text(GenerationLimits(maximumNewTokens: 1))
        #expect(refused([.b: "b", .other(1): "p"], text) == nil)
        #expect(refused([.b: "b"], text) == "unit.evaluate.items[0].prompts")
        #expect(refused([.b: "b", .other(1): "p"], .choice) == "unit.evaluate.items[0].choices")
    }

    @Test func `a unit or a result of another stage than its name says is refused`() {
        let unit = WorkUnit.evaluate(
            EvaluateUnit(
                task: "squad", channel: Channel(k: 1, j: 1), conditions: [], items: [],
                form: .text(GenerationLimits(maximumNewTokens: 1))))
        for stage in ["extract", "train", "similarity", "squad", "gsm8k"].map(Stage.init) {
            let grant = CoordinatorMessage.grant(Grant(lease: LeaseID(1), id: UnitID(stage, 0), unit: unit))
            #expect(refusal(of: grant)?.field == (stage == .evaluate(task: "squad") ? nil : "id.stage"))
            let result = WorkerMessage.result(
                run: "", lease: LeaseID(1), unit: UnitID(stage, 0), result: .evaluate(EvaluateResult(items: [])))
            #expect(refusal(of: result)?.field == (stage >= .evaluate(task: "") ? nil : "unit.stage"))
        }
    }

    @Test func `a registration of another protocol version tells its version, whatever else it holds`() throws {
        let header = [
            HeaderField.message(1, "register", [.integer(1, "protocol_version", 99), .bytes(3, "worker", [0xff])])
        ]
        guard case .register(let registration) = try WorkerMessage(header: header.encoded) else {
            Issue.record("not a registration")
            return
        }
        #expect(registration.protocolVersion == 99)
        #expect(registration.worker == "unknown")
    }

    @Test func `a status query of another protocol version tells its version`() throws {
        #expect(try StatusQuery(protocolVersion: 99).overTheWire() == StatusQuery(protocolVersion: 99))
        #expect(try StatusQuery(watcher: .max).overTheWire() == StatusQuery(watcher: .max))
    }

    @Test func `an error is one line that names message, field, expected and found`() throws {
        let header = [
            HeaderField.message(2, "ready", [.text(1, "fingerprint_a", "a"), .text(2, "fingerprint_b", "b")])
        ]
        let error = try #require(refusal(WorkerMessage.self, header.encoded))
        #expect(
            error.description
                == "malformed ready, field capacity: expected a value, found none; "
                + "run the same version of the program on both sides")
    }

    @Test func `a reference of no condition, or of one that A answers, is refused`() {
        func refused(_ references: [[Int]]) -> String? {
            let unit = EvaluateUnit(
                task: "squad", channel: Channel(k: 1, j: 1),
                conditions: [Condition("x", .b, reads: .b), Condition("y", .a, reads: .b)], items: [], form: .choice,
                references: references)
            return refusal(
                of: CoordinatorMessage.grant(
                    Grant(lease: LeaseID(1), id: UnitID(.evaluate(task: "squad"), 0), unit: .evaluate(unit))))?.field
        }
        #expect(refused([[0]]) == nil)
        for references in [[[0], [1]], [[0], [2]], [[0], []]] {
            #expect(refused(references) == "unit.evaluate.references[1].conditions")
        }
    }

    private func refused(_ answer: Answer) -> String? {
        refusal(
            of: WorkerMessage.result(
                run: "", lease: LeaseID(1), unit: UnitID(.evaluate(task: "squad"), 0),
                result: .evaluate(EvaluateResult(items: [ItemAnswers(answers: [answer])]))))?.field
    }

    @Test(arguments: ["0", String(repeating: "0", count: 63), String(repeating: "F", count: 64)])
    func `a digest that is none, and a norm below 0, are refused`(text: String) {
        let (answer, digest) = ("evaluate.items[0].answers[0]", String(repeating: "0", count: 64))
        #expect(refused(Answer(promptDigest: digest, told: .vector(digest: digest, norm: 0))) == nil)
        #expect(refused(Answer(promptDigest: text)) == "\(answer).prompt_digest")
        #expect(refused(Answer(told: .vector(digest: text, norm: 0))) == "\(answer).vector.digest")
        #expect(refused(Answer(told: .vector(digest: digest, norm: -1))) == "\(answer).vector.norm")
    }

    @Test func `a divergence beyond ln 2 and a gold without tokens are refused`() {
        #expect(refused(Answer(golds: [GoldLikelihood(whole: -1, tokens: 1)], divergences: [0.6])) == nil)
        #expect(refused(Answer(divergences: [0, 0.8])) == "evaluate.items[0].answers[0].divergences[1]")
        #expect(
            refused(Answer(golds: [GoldLikelihood(whole: 1, tokens: 1)]))
                == "evaluate.items[0].answers[0].golds[0].whole")
        #expect(
            refused(Answer(golds: [GoldLikelihood(whole: -1, tokens: 0)]))
                == "evaluate.items[0].answers[0].golds[0].tokens")
    }

    /// A grant's first fields.
    private func unitID(_ stage: String) -> HeaderField {
        .message(2, "id", [.text(1, "stage", stage), .integer(2, "index", 0)])
    }
}
