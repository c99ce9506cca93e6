import Run
import Testing
import Wire

/// Numbers as they stand in a field.
private func bytes(of numbers: [Double]) -> [UInt8] {
    numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } }
}

/// A message and the header that it must have, field by field.
struct Sample: Sendable, CustomTestStringConvertible {
    let message: any WireValue
    let header: [HeaderField]
    var testDescription: String

    init(_ name: String, _ message: any WireValue, _ header: [HeaderField]) {
        testDescription = name
        self.message = message
        self.header = header
    }

    /// One message of every kind, with every optional part.
    static let all = worker + coordinator + status

    /// Texts that break naive readers: a NUL, an emoji of several scalars, a decomposed letter, a line break.
    static let digest = String(repeating: "09af", count: 16)
    static let texts = ["", "a\u{0}b", "👩‍🔬 ok", "e\u{301}\n", "Österreich"]
    /// By itself, since a leak checker does not find what only an enumeration's tagged pointer holds.
    static let stopStrings = ["\n"]
    static let matrix = FloatMatrix(rows: 2, columns: 3, values: [0, -0.0, 1.5, .infinity, .leastNonzeroMagnitude, -7])

    static let worker: [Sample] = [
        Sample(
            "register",
            WorkerMessage.register(
                Registration(
                    softwareVersion: "0.1", worker: "host-7-x", host: "host", processID: 7, deviceKind: "cpu",
                    device: "cpu fast", run: "run\u{0}", leases: [LeaseID(1), LeaseID(300)])),
            [
                .message(
                    1, "register", .choice,
                    [
                        .integer(1, "protocol_version", Int(protocolVersion)), .text(2, "software_version", "0.1"),
                        .text(3, "worker", "host-7-x"), .text(4, "host", "host"), .integer(5, "process_id", 7),
                        .text(6, "device_kind", "cpu"), .text(7, "run", "run\u{0}", .optional),
                        .packed(8, "leases", [1, 300]), .text(9, "device", "cpu fast"),
                    ])
            ]),
        Sample(
            "ready", WorkerMessage.ready(Readiness(fingerprintA: "aa", fingerprintB: "bb", capacity: 2)),
            [
                .message(
                    2, "ready", .choice,
                    [.text(1, "fingerprint_a", "aa"), .text(2, "fingerprint_b", "bb"), .integer(3, "capacity", 2)])
            ]),
        Sample(
            "heartbeat",
            WorkerMessage.heartbeat(
                Heartbeat([LeaseID(.max), LeaseID(0)], shares: [1000, 0], memoryBytes: .max)),
            [
                .message(
                    3, "heartbeat", .choice,
                    [
                        .packed(1, "leases", [-1, 0]), .packed(2, "shares", [1000, 0]),
                        .integer(3, "memory_bytes", -1, .optional),
                    ])
            ]),
        result(
            "parity", .parity,
            .parity(
                ParityResult(checks: [
                    ParityCheck(.tokenIDs, compared: 3), ParityCheck(.decodedTexts, compared: 3),
                    ParityCheck(.streams, compared: 3, largest: 0.25), ParityCheck(.partialStreams, compared: 3),
                    ParityCheck(.logits, compared: 3, failed: 1, largest: .infinity, firstFailure: texts[1]),
                    ParityCheck(.continuations, compared: 3),
                ])),
            [
                .message(
                    10, "parity", .choice,
                    [
                        checkFields(0, 1), checkFields(1, 2), checkFields(2, 3, [.double(4, "largest", 0.25)]),
                        checkFields(3, 4),
                        checkFields(
                            4, 5, failed: 1,
                            [.double(4, "largest", .infinity), .text(5, "first_failure", texts[1], .optional)]),
                        checkFields(5, 6),
                    ])
            ]),
        result(
            "extract", .extract,
            .extract(ExtractResult(a: [matrix, FloatMatrix(zeros: 2, 3)], b: [FloatMatrix(zeros: 2, 1)])),
            [
                .message(
                    4, "extract", .choice,
                    [
                        .matrix(1, "a[0]", 2, 3, .optional), .matrix(1, "a[1]", 2, 3, .optional),
                        .matrix(2, "b[0]", 2, 1, .optional),
                    ])
            ]),
        result(
            "train, dense", .train,
            .train(TrainResult(squaredErrorSum: 0.1, gradient: .dense(matrix), outputErrors: [0.5, -0.0])),
            [
                .message(
                    5, "train", .choice,
                    [
                        .double(1, "squared_error_sum", 0.1), .matrix(2, "dense", 2, 3, .choice),
                        .bytes(4, "output_errors", bytes(of: [0.5, -0.0])),
                    ])
            ]),
        result(
            "train, factor", .train, .train(TrainResult(squaredErrorSum: -0.0, gradient: .factor(matrix))),
            [
                .message(
                    5, "train", .choice, [.double(1, "squared_error_sum", -0.0), .matrix(3, "factor", 2, 3, .choice)])
            ]),
        result(
            "train, a block of outputs", .train,
            .trainOutputs(
                TrainOutputsResult(
                    w: matrix, squaredErrorSums: [0.1, -0.0, .infinity], standardisedErrorSums: [0.25])),
            [
                .message(
                    8, "train_outputs", .choice,
                    [
                        .matrix(1, "w", 2, 3),
                        .bytes(2, "squared_error_sums", bytes(of: [0.1, -0.0, .infinity])),
                        .bytes(3, "standardised_error_sums", bytes(of: [0.25])),
                    ])
            ]),
        result(
            "sums", .sums, .sums(SumsResult(products: [0.1, -0.0, .infinity])),
            [.message(9, "sums", .choice, [.message(1, "products", [.integer(1, "count", 3)])])]),
        result(
            "similarity", .similarity,
            .similarity(
                SimilarityResult(
                    plain: WrittenText(tokens: [0, .max], text: texts[1], omittedPromptTokens: 17),
                    injected: WrittenText())),
            [
                .message(
                    6, "similarity", .choice,
                    [
                        .message(
                            1, "plain",
                            [
                                .packed(1, "tokens", [0, Int(Int32.max)]), .text(2, "text", texts[1]),
                                .integer(3, "omitted_prompt_tokens", 17),
                            ]),
                        .message(
                            2, "injected",
                            [.text(2, "text", ""), .integer(3, "omitted_prompt_tokens", 0)]),
                    ])
            ]),
        result(
            "evaluate", .evaluate(task: "gsm8k"),
            .evaluate(
                EvaluateResult(items: [
                    ItemAnswers(answers: [
                        Answer(
                            tokens: [128_000], text: texts[2], likelihoods: [-1.5, -0.0],
                            golds: [GoldLikelihood(whole: -2.5, tokens: 3)], divergences: [0, 0.25], cost: cost,
                            promptDigest: digest, told: .vector(digest: digest, norm: 2.5)),
                        Answer(cost: cost, told: .words(texts[1])),
                    ]),
                    ItemAnswers(answers: []),
                ])),
            [
                .message(
                    7, "evaluate", .choice,
                    [
                        .message(
                            1, "items[0]", .optional,
                            [
                                .message(
                                    1, "answers[0]", .optional,
                                    [
                                        .packed(1, "tokens", [128_000]), .text(2, "text", texts[2]),
                                        doubles(3, "likelihoods", [-1.5, -0.0]),
                                        .integer(4, "omitted_prompt_tokens", 0),
                                        costField(10, 3, 1, 26, 7, 3, 32, 12, 512, 1, 8, 5),
                                        .message(
                                            6, "golds[0]", .optional,
                                            [.double(1, "whole", -2.5), .integer(2, "tokens", 3)]),
                                        doubles(7, "divergences", [0, 0.25]),
                                        .text(8, "prompt_digest", digest, .optional),
                                        .message(
                                            9, "vector", .optional,
                                            [.text(1, "digest", digest), .double(2, "norm", 2.5)]),
                                    ]),
                                .message(
                                    1, "answers[1]", .optional,
                                    [
                                        .text(2, "text", ""), .integer(4, "omitted_prompt_tokens", 0),
                                        costField(10, 3, 1, 26, 7, 3, 32, 12, 512, 1, 8, 5),
                                        .text(10, "words", texts[1], .optional),
                                    ]),
                            ]),
                        .message(1, "items[1]", .optional, []),
                    ])
            ]),
        Sample(
            "failure",
            WorkerMessage.failure(lease: LeaseID(9), unit: UnitID(.evaluate(task: "squad"), 4), cause: texts[3]),
            [
                .message(
                    5, "failure", .choice,
                    [.integer(1, "lease", 9), unitID(2, "unit", "squad", 4), .text(3, "cause", texts[3])])
            ]
        ),
        Sample(
            "unprepared", WorkerMessage.unprepared(lease: LeaseID(9), unit: UnitID(.train, 4), cause: texts[3]),
            [
                .message(
                    7, "unprepared", .choice,
                    [.integer(1, "lease", 9), unitID(2, "unit", "train", 4), .text(3, "cause", texts[3])])
            ]
        ),
        Sample(
            "spent",
            WorkerMessage.spent(lease: LeaseID(9), unit: UnitID(.evaluate(task: "squad"), 4), seconds: [0.5, 0]),
            [
                .message(
                    8, "spent", .choice,
                    [.integer(1, "lease", 9), unitID(2, "unit", "squad", 4), doubles(3, "seconds", [0.5, 0])])
            ]
        ),
        Sample(
            "goodbye", WorkerMessage.goodbye(reason: texts[4]),
            [.message(6, "goodbye", .choice, [.text(1, "reason", texts[4])])]),
    ]

    static let coordinator: [Sample] = [
        Sample(
            "welcome",
            CoordinatorMessage.welcome(
                Welcome(
                    run: "r", modelA: "/a", modelB: "/b",
                    delivery: Condition.Delivery(.mean, strength: -0.5, matchesNorm: true),
                    positions: TokenPositions(a: .contentEnd, b: .fromEnd(3)), computeType: .bfloat16, chat: true,
                    reading: ReadingSettings(
                        templateVariables: ["x": "[1]", "y": ""], templateDate: "2026-01-02", thinkEnd: texts[1],
                        ignoredConfigFields: ["f", "g"]), seed: .max,
                    heartbeatSeconds: 0.1, silenceSeconds: 10)),
            [
                .message(
                    11, "welcome", .choice,
                    [
                        .text(1, "run", "r"), .text(2, "model_a", "/a"), .text(3, "model_b", "/b"),
                        .integer(7, "seed", -1), .double(8, "heartbeat_seconds", 0.1),
                        .double(9, "silence_seconds", 10), .integer(10, "compute_type", 2),
                        .integer(11, "chat", 1),
                        .message(
                            12, "reading",
                            [
                                .message(
                                    1, "template_variables[0]", .optional,
                                    [.text(1, "name", "x"), .text(2, "value", "[1]")]),
                                .message(
                                    1, "template_variables[1]", .optional,
                                    [.text(1, "name", "y"), .text(2, "value", "")]),
                                .text(2, "template_date", "2026-01-02", .optional),
                                .text(3, "think_end", texts[1], .optional),
                                .text(4, "ignored_config_fields[0]", "f", .optional),
                                .text(4, "ignored_config_fields[1]", "g", .optional),
                            ]),
                        .message(
                            14, "delivery",
                            [
                                .integer(1, "operation", 3), .double(2, "strength", -0.5),
                                .integer(3, "match_norm", 1),
                            ]),
                        .text(15, "position_of_a", "content"), .text(16, "position_of_b", "-3"),
                    ])
            ]),
        Sample(
            "refusal", CoordinatorMessage.refusal(reason: "no"),
            [.message(12, "refusal", .choice, [.text(1, "reason", "no")])]),
        grant(
            "extract", .extract,
            .extract(
                ExtractUnit(
                    firstText: 64, texts: texts, maximumTokens: 512, sitesOfA: [0, 26], sitesOfB: [4], answerTokens: 10)
            ),
            [
                .message(
                    1, "extract", .choice,
                    [.integer(1, "first_text", 64)]
                        + texts.enumerated().map { .text(2, "texts[\($0)]", $1, .optional) }
                        + [
                            .integer(3, "maximum_tokens", 512), .packed(4, "sites_of_a", [0, 26], .required),
                            .packed(5, "sites_of_b", [4], .required), .integer(6, "answer_tokens", 10, .optional),
                        ])
            ]),
        Sample(
            "grant, train", CoordinatorMessage.grant(trainGrant),
            grantFields([
                projectionFields([.message(3, "held", .choice, [])]), activations(0, 1, 26, [7, 0], (2, 3)),
                activations(1, 2, 4, [0], (1, 2)),
            ])),
        Sample(
            "grant, whole W", CoordinatorMessage.grant(grant(.whole(matrix, moments: nil))),
            grantFields([projectionFields([.message(5, "whole", .choice, [.matrix(1, "projection", 2, 3)])])])),
        Sample(
            "grant, whole W with moments",
            CoordinatorMessage.grant(grant(.whole(matrix, moments: Moments(first: matrix, second: matrix)))),
            grantFields([
                projectionFields([
                    .message(
                        5, "whole", .choice,
                        [
                            .matrix(1, "projection", 2, 3), .matrix(2, "first_moment", 2, 3),
                            .matrix(3, "second_moment", 2, 3),
                        ])
                ])
            ])),
        Sample(
            "grant, steps to take", CoordinatorMessage.grant(grant(.replay([update], checksum: 77))),
            grantFields([
                projectionFields([
                    .message(
                        6, "replay", .choice,
                        [updateFields(1), .double(2, "checksum", Double(bitPattern: 77))])
                ])
            ])),
        Sample(
            "grant, a block of outputs", CoordinatorMessage.grant(blockGrant),
            [
                .message(
                    13, "grant", .choice,
                    [
                        .integer(1, "lease", 3), unitID(2, "id", "train", 5),
                        .message(
                            3, "unit",
                            [
                                .message(
                                    5, "train_outputs", .choice,
                                    [
                                        .integer(1, "first_output", 3), .integer(2, "outputs", 3),
                                        .integer(3, "dimension_a", 7), .integer(4, "dimension_b", 8),
                                        .integer(5, "texts", 2), .integer(6, "epochs", 9), .integer(7, "batch", 4),
                                        .integer(8, "shard_texts", 1), .integer(9, "seed", -1),
                                        .double(10, "learning_rate", 0.5), .integer(11, "initialization", 2),
                                        .message(
                                            12, "channel",
                                            [
                                                .integer(1, "k", 26), .integer(2, "j", 4), .integer(3, "fit", 1),
                                                .integer(4, "reverse", 1, .optional),
                                            ]), .matrix(13, "targets", 2, 3),
                                    ])
                            ]),
                    ])
            ]),
        Sample(
            "activations",
            CoordinatorMessage.activations(TextActivations(site: .a(26), texts: [64, 65], values: matrix)),
            [
                .message(
                    16, "activations", .choice,
                    [
                        .integer(1, "model", 1), .integer(2, "blocks", 26), .packed(3, "texts", [64, 65]),
                        .matrix(4, "values", 2, 3),
                    ])
            ]),
        Sample(
            "grant, the first W and companions", CoordinatorMessage.grant(initialGrant),
            grantFields([
                projectionFields([
                    .message(
                        4, "initial", .choice,
                        [
                            .message(
                                1, "initial",
                                [
                                    .integer(1, "initialization", 2), .integer(2, "seed", 8),
                                    .integer(3, "dimension_a", 3), .integer(4, "dimension_b", 2),
                                ]), updateFields(2), .double(3, "checksum", Double(bitPattern: 6)),
                        ])
                ]),
                .message(
                    6, "companions[0]", .optional,
                    [
                        .integer(1, "lease", 4), unitID(2, "id", "train", 6),
                        .message(
                            3, "unit", [.integer(1, "step", 9), .packed(2, "texts", [4, 1]), .integer(3, "dense", 0)]),
                    ]),
            ])),
        Sample(
            "grant, W to be mapped",
            CoordinatorMessage.grant(
                grant(
                    .shared(
                        SharedProjection(processID: 12, descriptor: 7, key: 5, dimensionA: 3, dimensionB: 2),
                        checksum: 6))),
            grantFields([
                projectionFields([
                    .message(
                        7, "shared", .choice,
                        [
                            .message(
                                1, "shared",
                                [
                                    .integer(1, "process_id", 12), .integer(2, "descriptor_number", 7),
                                    .double(3, "key", Double(bitPattern: 5)), .integer(4, "dimension_a", 3),
                                    .integer(5, "dimension_b", 2),
                                ]), .double(2, "checksum", Double(bitPattern: 6)),
                        ])
                ])
            ])),
        grant(
            "parity", .parity,
            .parity(
                ParityUnit(
                    model: .b,
                    reference: ModelReference(
                        prompts: [
                            ModelReference.Prompt(
                                prompt: texts[1], ids: [1, 0], tokens: [texts[2], ""], decoded: texts[3],
                                continuationIds: [3], continuationText: texts[4], firstLogits: [0.5, -0.0],
                                logits: [.leastNonzeroMagnitude], residualAfterBlock: matrix,
                                embeddingLast: [1, 2, 3], finalNormLast: [4, 5, 6]),
                            ModelReference.Prompt(prompt: "", ids: [7], continuationIds: [8]),
                        ],
                        tokenizerCases: [
                            ModelReference.TokenizerCase(
                                text: texts[2], ids: [9], decoded: texts[3], decodedWithSpecial: texts[4]),
                            ModelReference.TokenizerCase(text: "", ids: []),
                        ]))),
            [
                .message(
                    7, "parity", .choice,
                    [
                        .integer(1, "model", 2),
                        .message(
                            2, "prompts[0]", .optional,
                            [
                                .text(1, "prompt", texts[1]), .packed(2, "ids", [1, 0]),
                                .text(3, "tokens[0]", texts[2], .referred), .text(3, "tokens[1]", "", .referred),
                                .text(4, "decoded", texts[3], .optional), .packed(5, "continuation_ids", [3]),
                                .text(6, "continuation_text", texts[4], .optional),
                                .matrix(7, "first_logits", 1, 2, .optional), .matrix(8, "logits", 1, 1, .optional),
                                .matrix(9, "residual_after_block", 2, 3, .optional),
                                .matrix(10, "embedding_last", 1, 3, .optional),
                                .matrix(11, "final_norm_last", 1, 3, .optional),
                            ]),
                        .message(
                            2, "prompts[1]", .optional,
                            [.text(1, "prompt", ""), .packed(2, "ids", [7]), .packed(5, "continuation_ids", [8])]),
                        .message(
                            3, "tokenizer_cases[0]", .optional,
                            [
                                .text(1, "text", texts[2]), .packed(2, "ids", [9]),
                                .text(3, "decoded", texts[3], .optional),
                                .text(4, "decoded_with_special", texts[4], .optional),
                            ]),
                        .message(3, "tokenizer_cases[1]", .optional, [.text(1, "text", "")]),
                    ])
            ]),
        grant(
            "sums", .sums, .sums(SumsUnit(first: matrix, second: FloatMatrix(zeros: 2, 1))),
            [.message(6, "sums", .choice, [.matrix(1, "first", 2, 3), .matrix(2, "second", 2, 1)])]),
        grant(
            "similarity", .similarity,
            .similarity(
                SimilarityUnit(
                    prompt: texts[2], layer: 8, newTokens: 20,
                    channel: try! Channel([.init(k: 26, j: 4), .init(k: 24, j: 6)], fit: .ridge))),
            [
                .message(
                    3, "similarity", .choice,
                    [
                        .text(1, "prompt", texts[2]), .integer(2, "layer", 8), .integer(3, "new_tokens", 20),
                        .message(
                            4, "channel",
                            [
                                .integer(1, "k", 26), .integer(2, "j", 4), .integer(3, "fit", 2),
                                .message(
                                    5, "further[0]", .optional, [.integer(1, "k", 24), .integer(2, "j", 6)]),
                            ]),
                    ])
            ]),
        grant(
            "evaluate", .evaluate(task: "squad"),
            .evaluate(
                EvaluateUnit(
                    task: "squad", channel: Channel(k: 1, j: 2),
                    conditions: [
                        Condition("a_full", .a, reads: .both),
                        Condition("random", .b, reads: .b, told: .noise(like: .a)),
                        Condition("shuffled", .b, reads: .question, told: .activation(of: .other(2))),
                        Condition("words", .b, reads: .cue, told: .words(of: .a, newTokens: 9)),
                        Condition(
                            "self", .b, reads: .b, told: .own(of: .a), by: Condition.Delivery(.sum, strength: 0.25)),
                        Condition("matched", .b, reads: .b, told: .matched),
                        Condition("zero", .b, reads: .b, told: .zero),
                        Condition("debate", .b, reads: .b, told: .debate(rounds: 3)),
                    ],
                    items: [
                        EvaluationItem(
                            id: "56",
                            prompts: [
                                .a: texts[1], .b: texts[2], .both: texts[1], .question: texts[2], .cue: texts[3],
                                .other(2): "",
                            ], choices: [" A", texts[1]], golds: [" A"])
                    ], form: .text(GenerationLimits(maximumNewTokens: 32, stopStrings: stopStrings)),
                    endpoints: [.answers, .likelihood], sample: [texts[2]], references: [[1], [4, 7]],
                    sitesOfA: [0, 26],
                    sitesOfB: [2])),
            [
                .message(
                    4, "evaluate", .choice,
                    [
                        .text(1, "task", "squad"),
                        .message(2, "channel", [.integer(1, "k", 1), .integer(2, "j", 2), .integer(3, "fit", 1)]),
                        .message(3, "conditions[0]", .referred, condition("a_full", 1, 3)),
                        .message(
                            3, "conditions[1]", .referred,
                            condition("random", 2, 2) + [.integer(5, "noise", 1, .optional)]),
                        .message(
                            3, "conditions[2]", .referred,
                            condition("shuffled", 2, 4) + [.integer(4, "activation", 8, .optional)]),
                        .message(
                            3, "conditions[3]", .referred,
                            condition("words", 2, 5) + [
                                .message(6, "words", .optional, [.integer(1, "of", 1), .integer(2, "new_tokens", 9)])
                            ]),
                        .message(
                            3, "conditions[4]", .referred,
                            condition("self", 2, 2) + [
                                .integer(7, "own", 1, .optional),
                                .message(
                                    10, "delivery", .optional,
                                    [
                                        .integer(1, "operation", 2), .double(2, "strength", 0.25),
                                        .integer(3, "match_norm", 0),
                                    ]),
                            ]),
                        .message(
                            3, "conditions[5]", .referred,
                            condition("matched", 2, 2) + [.message(8, "matched", .optional, [])]),
                        .message(
                            3, "conditions[6]", .referred,
                            condition("zero", 2, 2) + [.message(9, "zero", .optional, [])]),
                        .message(
                            3, "conditions[7]", .referred,
                            condition("debate", 2, 2) + [.integer(11, "debate", 3, .optional)]),
                        .message(
                            4, "items[0]", .optional,
                            // A prompt that several roles have travels once.
                            [
                                .text(1, "id", "56"), .text(2, "texts[0]", texts[1], .referred),
                                .text(2, "texts[1]", texts[2], .referred), .text(2, "texts[2]", texts[3], .referred),
                                .text(2, "texts[3]", "", .referred),
                            ]
                                + [(1, 0), (2, 1), (3, 0), (4, 1), (5, 2), (8, 3)].enumerated().map { place, prompt in
                                    .message(
                                        3, "prompts[\(place)]", .referred,
                                        [.integer(1, "role", prompt.0), .integer(2, "text", prompt.1)])
                                } + [
                                    .text(4, "choices[0]", " A", .optional),
                                    .text(4, "choices[1]", texts[1], .optional),
                                    .text(5, "golds[0]", " A", .optional),
                                ]),
                        .message(
                            5, "text", .choice,
                            [.integer(1, "maximum_new_tokens", 32), .text(2, "stop_strings[0]", "\n", .optional)]),
                        .integer(7, "answers", 1), .integer(8, "likelihood", 1),
                        .text(9, "sample[0]", texts[2], .optional),
                        .message(10, "references[0]", .optional, [.packed(1, "conditions", [1], .referred)]),
                        .message(10, "references[1]", .optional, [.packed(1, "conditions", [4, 7], .referred)]),
                        .packed(11, "sites_of_a", [0, 26]), .packed(12, "sites_of_b", [2]),
                    ])
            ]),
        Sample("heartbeat back", CoordinatorMessage.heartbeat, [.message(14, "heartbeat", .choice, [])]),
        Sample(
            "finished", CoordinatorMessage.finished(reason: "done"),
            [.message(15, "finished", .choice, [.text(1, "reason", "done")])]),
    ]

    static let status: [Sample] = [
        Sample("status query", StatusQuery(), [.integer(21, "protocol_version", Int(protocolVersion))]),
        Sample(
            "status reply",
            StatusReply.status(
                RunStatus(
                    run: "r", phase: .stopping, elapsedSeconds: 1.25, etaSeconds: 2.5,
                    stages: [
                        StageStatus(
                            stage: .extract, unitsDone: 3, unitsTotal: 4, counted: "texts", done: 96, underWay: 7,
                            total: 128, seconds: 1, rate: 3, etaSeconds: 1.0 / 3)
                    ],
                    scores: [
                        RunningScore(
                            stage: .evaluate(task: "squad"), channel: Channel(k: 26, j: 4), items: 9, itemsTotal: 12,
                            contrast: "CAG", metric: "f1", mean: 11.5, low: -2, high: 20, better: 3, worse: 1,
                            conditions: [.init(condition: "injected", mean: 31.5, low: 20, high: 40)])
                    ], loss: 0.5,
                    trainingBytesPerStep: 4096,
                    workers: [
                        WorkerStatus(
                            worker: "w", host: "h", processID: 8, deviceKind: "cpu", device: "cpu slow",
                            state: .lost, unitsDone: 3, leases: 1, unit: "squad/2", unitShare: 0.25, memoryBytes: 7,
                            rate: 2, lastHeardSeconds: 0.5, bytesIn: .max, bytesOut: 0)
                    ], alarms: [Fault(atSeconds: 0.125, worker: nil, what: "two")],
                    faults: [Fault(atSeconds: 0.25, worker: "w", what: "gone")], faultCount: 12)),
            [
                .message(
                    31, "status", .choice,
                    [
                        .text(1, "run", "r"), .integer(2, "phase", 2), .double(3, "elapsed_seconds", 1.25),
                        .message(
                            4, "stages[0]", .optional,
                            [
                                .text(1, "stage", "extract"), .integer(2, "units_done", 3),
                                .integer(3, "units_total", 4),
                                .double(4, "seconds", 1), .double(5, "rate", 3, .optional),
                                .double(6, "eta_seconds", 1.0 / 3, .optional), .text(7, "counted", "texts"),
                                .integer(8, "done", 96), .integer(9, "under_way", 7), .integer(10, "total", 128),
                            ]), .double(5, "loss", 0.5, .optional),
                        .message(
                            6, "workers[0]", .optional,
                            [
                                .text(1, "worker", "w"), .text(2, "host", "h"), .integer(3, "process_id", 8),
                                .text(4, "device_kind", "cpu"), .integer(5, "state", 4), .integer(6, "units_done", 3),
                                .integer(7, "leases", 1), .double(8, "rate", 2, .optional),
                                .double(9, "last_heard_seconds", 0.5), .integer(10, "bytes_in", -1),
                                .integer(11, "bytes_out", 0), .text(12, "device", "cpu slow"),
                                .text(13, "unit", "squad/2", .optional), .double(14, "unit_share", 0.25, .optional),
                                .integer(15, "memory_bytes", 7, .optional),
                            ]),
                        .message(
                            7, "faults[0]", .optional,
                            [
                                .double(1, "at_seconds", 0.25), .text(2, "worker", "w", .optional),
                                .text(3, "what", "gone"),
                            ]
                        ), .integer(8, "fault_count", 12), .double(9, "training_bytes_per_step", 4096, .optional),
                        .message(
                            10, "alarms[0]", .optional, [.double(1, "at_seconds", 0.125), .text(3, "what", "two")]),
                        .double(11, "eta_seconds", 2.5, .optional),
                        .message(
                            12, "scores[0]", .optional,
                            [
                                .text(1, "stage", "squad"), channelFields(2, 26, 4), .integer(3, "items", 9),
                                .integer(4, "items_total", 12), .text(5, "contrast", "CAG"), .text(6, "metric", "f1"),
                                .double(7, "mean", 11.5), .double(8, "low", -2), .double(9, "high", 20),
                                .integer(10, "better", 3), .integer(11, "worse", 1),
                                .message(
                                    12, "conditions[0]", .optional,
                                    [
                                        .text(1, "condition", "injected"), .double(2, "mean", 31.5),
                                        .double(3, "low", 20), .double(4, "high", 40),
                                    ]),
                            ]),
                    ])
            ]),
        Sample(
            "status refusal", StatusReply.refusal(reason: "versions"),
            [.message(32, "refusal", .choice, [.text(1, "reason", "versions")])]),
    ]

    /// How one kind of figure compares.
    private static func checkFields(
        _ place: Int, _ figure: Int, failed: Int = 0, _ more: [HeaderField] = []
    ) -> HeaderField {
        .message(
            1, "checks[\(place)]", .optional,
            [.integer(1, "figure", figure), .integer(2, "compared", 3), .integer(3, "failed", failed)] + more)
    }

    private static func unitID(_ number: Int, _ name: String, _ stage: String, _ index: Int) -> HeaderField {
        .message(number, name, [.text(1, "stage", stage), .integer(2, "index", index)])
    }

    /// A grant of a shard, with other fields after those of the unit.
    private static func grantFields(_ fields: [HeaderField]) -> [HeaderField] {
        let train = HeaderField.message(
            2, "train", .choice, [.integer(1, "step", 9), .packed(2, "texts", [7]), .integer(3, "dense", 0)])
        return [
            .message(
                13, "grant", .choice,
                [.integer(1, "lease", 3), unitID(2, "id", "train", 5), .message(3, "unit", [train])] + fields)
        ]
    }

    private static func projectionFields(_ supply: [HeaderField]) -> HeaderField {
        .message(4, "projection", .optional, [channelFields(1, 26, 4), .integer(2, "version", 9)] + supply)
    }

    private static func channelFields(_ number: Int, _ k: Int, _ j: Int) -> HeaderField {
        .message(number, "channel", [.integer(1, "k", k), .integer(2, "j", j), .integer(3, "fit", 1)])
    }

    private static func activations(
        _ index: Int, _ model: Int, _ blocks: Int, _ texts: [Int], _ shape: (Int, Int)
    ) -> HeaderField {
        .message(
            5, "activations[\(index)]", .optional,
            [
                .integer(1, "model", model), .integer(2, "blocks", blocks), .packed(3, "texts", texts),
                .matrix(4, "values", shape.0, shape.1),
            ])
    }

    private static func updateFields(_ number: Int) -> HeaderField {
        .message(
            number, "updates[0]", .optional,
            [
                .integer(1, "step", 8), .double(2, "learning_rate", 0.5),
                .message(
                    3, "shards[0]", .optional,
                    [.integer(1, "unit", 32), .packed(2, "texts", [4, 1]), .integer(3, "own", 0)]),
                .message(
                    3, "shards[1]", .optional,
                    [.integer(1, "unit", 33), .packed(2, "texts", [2]), .integer(3, "own", 1)]),
                .matrix(4, "errors", 2, 3),
            ])
    }

    private static let update = StepUpdate(
        step: 8, learningRate: 0.5,
        shards: [
            StepUpdate.Shard(unit: 32, texts: [4, 1], isOwn: false),
            StepUpdate.Shard(unit: 33, texts: [2], isOwn: true),
        ], errors: matrix)

    private static func grant(_ supply: ProjectionSupply) -> Grant {
        Grant(
            lease: LeaseID(3), id: UnitID(.train, 5), unit: .train(TrainUnit(step: 9, texts: [7], dense: false)),
            projection: GrantedProjection(channel: Channel(k: 26, j: 4), version: 9, supply: supply))
    }

    private static var trainGrant: Grant {
        var grant = grant(.held)
        grant.activations = [
            TextActivations(site: .a(26), texts: [7, 0], values: matrix),
            TextActivations(site: .b(4), texts: [0], values: FloatMatrix(zeros: 1, 2)),
        ]
        return grant
    }

    /// A block's unit with its targets.
    static var blockGrant: Grant {
        Grant(
            lease: LeaseID(3), id: UnitID(.train, 5),
            unit: .trainOutputs(
                TrainOutputsUnit(
                    channel: Channel(k: 26, j: 4, isReverse: true), outputs: 3..<6, dimensionA: 7, dimensionB: 8,
                    schedule: TrainingSchedule(textCount: 2, epochs: 9, batch: 4, shardTexts: 1, seed: .max),
                    learningRate: 0.5, initialization: .kaiming), targets: matrix))
    }

    private static var initialGrant: Grant {
        var grant = grant(
            .initial(
                InitialProjection(initialization: .kaiming, seed: 8, dimensionA: 3, dimensionB: 2), updates: [update],
                checksum: 6))
        grant.companions = [
            Companion(
                lease: LeaseID(4), id: UnitID(.train, 6), unit: TrainUnit(step: 9, texts: [4, 1], dense: false))
        ]
        return grant
    }

    private static let cost = Cost(
        promptTokens: 10, newTokens: 3, passesOfA: Cost.Passes(count: 1, blocks: 26, tokens: 7),
        passesOfB: Cost.Passes(count: 3, blocks: 32, tokens: 12),
        passesOfBForMessage: Cost.Passes(count: 1, blocks: 8, tokens: 5), messageBytes: 512)

    /// A packed list of numbers.
    private static func doubles(_ number: Int, _ name: String, _ values: [Double]) -> HeaderField {
        .bytes(
            number, name,
            values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }, .optional)
    }

    private static func costField(
        _ prompt: Int = 0, _ new: Int = 0, _ countA: Int = 0, _ blocksA: Int = 0, _ tokensA: Int = 0, _ countB: Int = 0,
        _ blocksB: Int = 0, _ tokensB: Int = 0, _ bytes: Int = 0, _ countMessage: Int = 0, _ blocksMessage: Int = 0,
        _ tokensMessage: Int = 0
    ) -> HeaderField {
        func passes(_ number: Int, _ name: String, _ count: Int, _ blocks: Int, _ tokens: Int) -> HeaderField {
            .message(
                number, name,
                [.integer(1, "count", count), .integer(2, "blocks", blocks), .integer(3, "tokens", tokens)])
        }
        return .message(
            5, "cost",
            [
                .integer(1, "prompt_tokens", prompt), .integer(2, "new_tokens", new),
                passes(3, "passes_of_a", countA, blocksA, tokensA), passes(4, "passes_of_b", countB, blocksB, tokensB),
                .integer(5, "message_bytes", bytes),
                passes(6, "passes_of_b_for_message", countMessage, blocksMessage, tokensMessage),
            ])
    }

    private static func condition(_ name: String, _ answerer: Int, _ prompt: Int) -> [HeaderField] {
        [.text(1, "name", name), .integer(2, "answerer", answerer), .integer(3, "prompt", prompt)]
    }

    private static func result(
        _ name: String, _ stage: Stage, _ result: UnitResult, _ fields: [HeaderField]
    ) -> Sample {
        Sample(
            "result, \(name)",
            WorkerMessage.result(run: "r", lease: LeaseID(9), unit: UnitID(stage, 4), result: result),
            [
                .message(
                    4, "result", .choice,
                    [.text(1, "run", "r"), .integer(2, "lease", 9), unitID(3, "unit", stage.rawValue, 4)] + fields)
            ])
    }

    private static func grant(
        _ name: String, _ stage: Stage, _ unit: WorkUnit, _ fields: [HeaderField]
    ) -> Sample {
        Sample(
            "grant, \(name)",
            CoordinatorMessage.grant(Grant(lease: LeaseID(3), id: UnitID(stage, 5), unit: unit)),
            [
                .message(
                    13, "grant", .choice,
                    [.integer(1, "lease", 3), unitID(2, "id", stage.rawValue, 5), .message(3, "unit", fields)])
            ])
    }
}
