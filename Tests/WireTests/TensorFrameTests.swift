import Run
import Testing
import Wire

struct TensorFrameTests {
    private func extract(_ a: FloatMatrix, _ b: FloatMatrix) -> WorkerMessage {
        .result(
            run: "r", lease: LeaseID(1), unit: UnitID(.extract, 0), result: .extract(ExtractResult(a: [a], b: [b])))
    }

    /// A result whose header claims a gradient of `rows` × `columns`.
    private func gradient(_ rows: Int, _ columns: Int) -> [UInt8] {
        [
            HeaderField.message(
                4, "result",
                [
                    .text(1, "run", ""), .integer(2, "lease", 1),
                    .message(3, "unit", [.text(1, "stage", "train"), .integer(2, "index", 0)]),
                    .message(5, "train", [.double(1, "squared_error_sum", 0), .matrix(2, "dense", rows, columns)]),
                ])
        ].encoded
    }

    @Test func `tensor frames are raw little-endian float32, in the header's order`() {
        let frames = extract(
            FloatMatrix(rows: 1, columns: 2, values: [1, -2]), FloatMatrix(rows: 1, columns: 1, values: [-0.0])
        ).encoded.frames
        #expect(frames == [[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [0, 0, 0, 0x80]])
    }

    @Test func `tensor frames keep signed zeros, infinities, subnormals and the payloads of NaN`() throws {
        let patterns: [UInt32] = [0x8000_0000, 0x7f80_0000, 0xff80_0000, 1, 0x7fc0_0000, 0x7fc1_2345, 0xffbf_ffff]
        let matrix = FloatMatrix(rows: 1, columns: 7, values: patterns.map { Float(bitPattern: $0) })
        guard
            case .result(_, _, _, .extract(let result)) =
                try extract(matrix, FloatMatrix(zeros: 1, 1)).overTheWire()
        else {
            Issue.record("not a result of extracting")
            return
        }
        #expect(result.a[0].values.map(\.bitPattern) == patterns)
    }

    @Test(arguments: [(0, 0), (0, 4096)])
    func `tensor frames may be empty`(rows: Int, columns: Int) throws {
        let message = extract(FloatMatrix(zeros: rows, columns), FloatMatrix(zeros: rows, 2))
        #expect(message.encoded.frames == [[], []])
        #expect(try message.overTheWire() == message)
    }

    @Test(arguments: Sample.all)
    func `tensor frames must be as many as the header describes`(sample: Sample) throws {
        func check<Message: WireValue>(_ message: Message) throws {
            let encoded = message.encoded
            let tooMany = try #require(refusal(Message.self, encoded.header, encoded.frames + [[]]))
            #expect(tooMany.expected == "\(encoded.tensors.count) tensor frames")
            #expect(tooMany.found == "\(encoded.tensors.count + 1)")
            for missing in encoded.frames.indices {
                let error = try #require(
                    refusal(Message.self, encoded.header, Array(encoded.frames.prefix(missing))))
                #expect(error.expected == "tensor frame \(missing + 1)")
            }
        }
        try check(sample.message)
    }

    @Test(arguments: [0, 4, 23, 25, 28])
    func `a tensor frame must have the size that the header says`(byteCount: Int) throws {
        let error = try #require(
            refusal(WorkerMessage.self, gradient(2, 3), [[UInt8](repeating: 0, count: byteCount)]))
        #expect(error.message == "result")
        #expect(error.field == "train.dense")
        #expect(error.expected == "24 bytes for 2 × 3 float32")
        #expect(error.found == "\(byteCount)")
    }

    @Test(
        arguments: [
            (-1, 3), (3, -1), (536_870_912, 1), (268_435_456, 2), (16_384, 32_768), (4_294_967_296, 4_294_967_296),
            (.max, 4), (.max, .max), (.min, .min),
        ] as [(Int, Int)])
    func `tensor frames of impossible sizes are refused`(rows: Int, columns: Int) throws {
        let error = try #require(refusal(WorkerMessage.self, gradient(rows, columns), [[]]))
        #expect(error.field.hasPrefix("train.dense"))
    }

    @Test func `tensor frames are no more than a message may have`() throws {
        let heartbeat = WorkerMessage.heartbeat(Heartbeat([])).encoded.header
        let frames = [[UInt8]](repeating: [], count: MessageLimits.frames)
        let error = try #require(refusal(WorkerMessage.self, heartbeat, frames))
        #expect(error.expected == "at most 64 frames")
        #expect(error.found == "65")
    }

    @Test func `tensor frames of one text have one row in both models`() throws {
        let error = try #require(refusal(of: extract(FloatMatrix(zeros: 2, 1), FloatMatrix(zeros: 3, 1))))
        #expect(error.field == "extract.b[0]")
        #expect(error.expected == "2 rows")
        #expect(error.found == "3")
    }

    @Test func `tensor frames of an extraction are as many as a message has room for, of both models`() throws {
        let matrix = FloatMatrix(zeros: 1, 1)
        func extraction(_ sites: Int) -> WorkerMessage {
            let matrices = [FloatMatrix](repeating: matrix, count: sites)
            return .result(
                run: "r", lease: LeaseID(1), unit: UnitID(.extract, 0),
                result: .extract(ExtractResult(a: matrices, b: matrices)))
        }
        #expect(refusal(of: extraction(MessageLimits.sites)) == nil)
        #expect(refusal(of: extraction(MessageLimits.sites + 1)) != nil)
        #expect(refusal(of: extraction(0))?.field == "extract.a")
    }

    @Test func `tensor frames of activations have a row for each text`() throws {
        func grant(_ rows: Int) -> CoordinatorMessage {
            .grant(
                Grant(
                    lease: LeaseID(1), id: UnitID(.train, 0),
                    unit: .train(TrainUnit(step: 0, texts: [1, 2], dense: false)),
                    activations: [
                        TextActivations(site: .a(1), texts: [1, 2], values: FloatMatrix(zeros: 2, 2)),
                        TextActivations(site: .b(1), texts: [1, 2], values: FloatMatrix(zeros: rows, 3)),
                    ]))
        }
        #expect(refusal(of: grant(2)) == nil)
        for rows in [1, 3] { #expect(refusal(of: grant(rows))?.field == "activations[1].values") }
    }
}
