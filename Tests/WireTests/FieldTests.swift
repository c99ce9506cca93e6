import Run
import Testing
import Wire

@Suite("Header fields")
struct FieldTests {
    @Test("a required field that is missing is named", arguments: Sample.all)
    func missing(sample: Sample) throws {
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
                case .choice:
                    #expect(error != nil, "\(path)")
                case .optional:
                    // A tensor or the number of rows that is left out is missed elsewhere.
                    #expect(error == nil || !frames.isEmpty, "\(path)")
                }
            }
        }
        try check(sample.message)
    }

    @Test("an unknown field is ignored")
    func unknownField() throws {
        let goodbye = HeaderField.message(6, "goodbye", [.text(1, "reason", "r"), .text(99, "later", "x")])
        let header = [goodbye, .integer(1000, "later", 5)].encoded
        #expect(try WorkerMessage(header: header) == .goodbye(reason: "r"))
    }

    @Test("of several kinds of message in one header the last counts")
    func lastKind() throws {
        let header =
            WorkerMessage.heartbeat([LeaseID(1)]).encoded.header + WorkerMessage.goodbye(reason: "r").encoded.header
        #expect(try WorkerMessage(header: header) == .goodbye(reason: "r"))
    }

    @Test("an empty header is no message")
    func emptyHeader() {
        #expect(refusal(WorkerMessage.self, [])?.found == "none of them")
        #expect(refusal(CoordinatorMessage.self, [])?.found == "none of them")
        #expect(refusal(StatusReply.self, [])?.found == "none of them")
        #expect(refusal(StatusQuery.self, [])?.field == "protocol_version")
    }

    @Test("a message at the wrong end of the wire is refused", arguments: Sample.all)
    func wrongEnd(sample: Sample) {
        let (header, frames) = (sample.header.encoded, sample.message.encoded.frames)
        if !(sample.message is WorkerMessage) { #expect(refusal(WorkerMessage.self, header, frames) != nil) }
        if !(sample.message is CoordinatorMessage) { #expect(refusal(CoordinatorMessage.self, header, frames) != nil) }
        if !(sample.message is StatusQuery) { #expect(refusal(StatusQuery.self, header, frames) != nil) }
        if !(sample.message is StatusReply) { #expect(refusal(StatusReply.self, header, frames) != nil) }
    }

    @Test(
        "bytes that are not UTF-8 are refused as text",
        arguments: [[0xff], [0x61, 0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) throws {
        let header = [HeaderField.message(6, "goodbye", [.bytes(1, "reason", bytes)])].encoded
        let error = try #require(refusal(WorkerMessage.self, header))
        #expect(error.message == "goodbye")
        #expect(error.field == "reason")
        #expect(error.expected == "UTF-8")
    }

    @Test("a text in a list is named by its place")
    func placeInList() throws {
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

    @Test("an unknown condition is refused in its place")
    func unknownCondition() throws {
        let unit = HeaderField.message(
            4, "evaluate",
            [
                .integer(1, "task", 1), .packed(2, "conditions", [1, 8]),
                .message(4, "limits", [.integer(1, "maximum_new_tokens", 1)]),
            ])
        let header = [HeaderField.message(13, "grant", [unitID("squad"), .message(3, "unit", [unit])])].encoded
        #expect(refusal(CoordinatorMessage.self, header)?.field == "unit.evaluate.conditions[1]")
    }

    @Test("a unit or a result of another stage than its name says is refused")
    func otherStage() {
        let unit = WorkUnit.evaluate(
            EvaluateUnit(
                task: .squad, conditions: [], items: [], limits: GenerationLimits(maximumNewTokens: 1, stopStrings: []))
        )
        for stage in ["extract", "train", "similarity", "squad", "gsm8k"].map(Stage.init) {
            let grant = CoordinatorMessage.grant(Grant(lease: LeaseID(1), id: UnitID(stage, 0), unit: unit))
            #expect(refusal(of: grant)?.field == (stage == .evaluate(task: "squad") ? nil : "id.stage"))
            let result = WorkerMessage.result(
                run: "", lease: LeaseID(1), unit: UnitID(stage, 0), result: .evaluate(EvaluateResult(items: [])))
            #expect(refusal(of: result)?.field == (stage >= .evaluate(task: "") ? nil : "unit.stage"))
        }
    }

    @Test("a registration of another protocol version tells its version, whatever else it holds")
    func otherVersion() throws {
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

    @Test("a status query of another protocol version tells its version")
    func otherQueryVersion() throws {
        #expect(try StatusQuery(protocolVersion: 7).overTheWire() == StatusQuery(protocolVersion: 7))
    }

    @Test("an error is one line that names message, field, expected and found")
    func description() throws {
        let header = [
            HeaderField.message(2, "ready", [.text(1, "fingerprint_a", "a"), .text(2, "fingerprint_b", "b")])
        ]
        let error = try #require(refusal(WorkerMessage.self, header.encoded))
        #expect(
            error.description
                == "malformed ready, field capacity: expected a value, found none; "
                + "run the same version of the program on both sides")
    }

    /// A grant's first fields.
    private func unitID(_ stage: String) -> HeaderField {
        .message(2, "id", [.text(1, "stage", stage), .integer(2, "index", 0)])
    }
}
