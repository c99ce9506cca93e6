import Run
import Testing
import Wire

@Suite("Tensor frames")
struct TensorFrameTests {
    private func extract(_ a: FloatMatrix, _ b: FloatMatrix) -> WorkerMessage {
        .result(
            run: "r", lease: LeaseID(1), unit: UnitID(.extract, 0), result: .extract(ExtractResult(a: a, b: b)))
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

    @Test("are raw little-endian float32, in the header's order")
    func bytes() {
        let frames = extract(
            FloatMatrix(rows: 1, columns: 2, values: [1, -2]), FloatMatrix(rows: 1, columns: 1, values: [-0.0])
        ).encoded.frames
        #expect(frames == [[0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0], [0, 0, 0, 0x80]])
    }

    @Test("keep signed zeros, infinities, subnormals and the payloads of NaN")
    func bits() throws {
        let patterns: [UInt32] = [0x8000_0000, 0x7f80_0000, 0xff80_0000, 1, 0x7fc0_0000, 0x7fc1_2345, 0xffbf_ffff]
        let matrix = FloatMatrix(rows: 1, columns: 7, values: patterns.map { Float(bitPattern: $0) })
        guard
            case .result(_, _, _, .extract(let result)) =
                try extract(matrix, FloatMatrix(zeros: 1, 1)).overTheWire()
        else {
            Issue.record("not a result of extracting")
            return
        }
        #expect(result.a.values.map(\.bitPattern) == patterns)
    }

    @Test("may be empty", arguments: [(0, 0), (0, 4096)])
    func empty(rows: Int, columns: Int) throws {
        let message = extract(FloatMatrix(zeros: rows, columns), FloatMatrix(zeros: rows, 2))
        #expect(message.encoded.frames == [[], []])
        #expect(try message.overTheWire() == message)
    }

    @Test("must be as many as the header describes", arguments: Sample.all)
    func number(sample: Sample) throws {
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

    @Test("must have the size that the header says", arguments: [0, 4, 23, 25, 28])
    func size(byteCount: Int) throws {
        let error = try #require(
            refusal(WorkerMessage.self, gradient(2, 3), [[UInt8](repeating: 0, count: byteCount)]))
        #expect(error.message == "result")
        #expect(error.field == "train.dense")
        #expect(error.expected == "24 bytes for 2 × 3 float32")
        #expect(error.found == "\(byteCount)")
    }

    @Test(
        "of impossible sizes are refused",
        arguments: [
            (-1, 3), (3, -1), (536_870_912, 1), (268_435_456, 2), (16_384, 32_768), (4_294_967_296, 4_294_967_296),
            (.max, 4), (.max, .max), (.min, .min),
        ] as [(Int, Int)])
    func impossible(rows: Int, columns: Int) throws {
        let error = try #require(refusal(WorkerMessage.self, gradient(rows, columns), [[]]))
        #expect(error.field.hasPrefix("train.dense"))
    }

    @Test("are no more than a message may have")
    func frameLimit() throws {
        let heartbeat = WorkerMessage.heartbeat([]).encoded.header
        let frames = [[UInt8]](repeating: [], count: MessageLimits.frames)
        let error = try #require(refusal(WorkerMessage.self, heartbeat, frames))
        #expect(error.expected == "at most 64 frames")
        #expect(error.found == "65")
    }

    @Test("of one text have one row in both models")
    func equalRows() throws {
        let error = try #require(refusal(of: extract(FloatMatrix(zeros: 2, 1), FloatMatrix(zeros: 3, 1))))
        #expect(error.field == "extract.b")
        #expect(error.expected == "2 rows")
        #expect(error.found == "3")
    }

    @Test("of activations have a row for each index")
    func rowForEachIndex() throws {
        func grant(_ a: Int, _ b: Int) -> CoordinatorMessage {
            .grant(
                Grant(
                    lease: LeaseID(1), id: UnitID(.train, 0),
                    unit: .train(TrainUnit(step: 0, rows: [1, 2], dense: false)),
                    rows: ActivationRows(
                        indices: [1, 2], a: FloatMatrix(zeros: a, 2), b: FloatMatrix(zeros: b, 2))))
        }
        #expect(refusal(of: grant(2, 2)) == nil)
        #expect(refusal(of: grant(1, 2))?.field == "rows.a")
        #expect(refusal(of: grant(2, 3))?.field == "rows.b")
    }
}
