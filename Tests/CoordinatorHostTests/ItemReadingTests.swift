import CPUDevice
import DemoAssets
import Devices
import Foundation
import Run
import Storage
import TestSupport
import Testing
import WorkerEngine

@testable import CoordinatorHost

/// What a samples file says of prompts and messages is what the models read and were told: by the tokens that stand there
/// the messages are made again, bit for bit.
struct ItemReadingTests {
    private let temporary: TemporaryFolder
    private let (a, b): (String, String)

    /// Copies of the shipped models with chat templates and few positions, so that some prompts are cut.
    init() throws {
        temporary = try TemporaryFolder()
        (a, b) = (temporary.file("a").path, temporary.file("b").path)
        for (source, copy, template) in [
            (DemoAssets.modelA, a, "{{ bos_token }}<{{ messages[0].content }}>\n"),
            (DemoAssets.modelB, b, "[{{ messages[0].content }}]"),
        ] {
            try FileManager.default.copyItem(atPath: source, toPath: copy)
            let config = copy + "/config.json"
            let text = try String(contentsOfFile: config, encoding: .utf8)
            try Data(text.replacing("\"max_position_embeddings\": 512", with: "\"max_position_embeddings\": 72").utf8)
                .write(to: URL(fileURLWithPath: config))
            try Data(template.utf8).write(to: URL(fileURLWithPath: copy + "/chat_template.jinja"))
        }
    }

    private func inputs(_ change: (inout RunConfiguration) -> Void = { _ in }) throws -> RunInputs {
        var configuration = RunConfiguration(
            modelA: a, modelB: b, channels: [Channel(k: 3, j: 2)], operation: .sum,
            experiments: [.evaluate(task: "squad")], projection: .none)
        configuration.chat = true
        configuration.strength = 0.5
        configuration.evaluation.files = ["squad": [DemoAssets.questions]]
        configuration.evaluation.limit = 8
        configuration.evaluation.bPrompt = .question
        configuration.evaluation.others = 2
        configuration.evaluation.messageTokens = 6
        configuration.evaluation.conditions = [
            "b_full", "a_full", "silent", "injected", "other", "self", "random", "matched", "zero", "written",
            "written_other", "debate",
        ]
        change(&configuration)
        return try RunInputs(configuration, software: "1")
    }

    private struct Line: Decodable {
        struct Prompt: Decodable {
            let model, text: String
            let tokens: [Int32]
            let omitted: Int
        }
        struct Answer: Decodable {
            let prompt: String
            let message: Message?
            let answers: [Answer]?
        }
        struct Message: Decodable {
            struct Partner: Decodable {
                let docID: Int
                let id: String

                enum CodingKeys: String, CodingKey {
                    case id
                    case docID = "doc_id"
                }
            }
            struct Place: Decodable {
                let model: String
                let token: Int?
                let tokens: [Int]?
                let prompt: String?
                /// nil where there are several.
                let blocks: Int?

                init(from decoder: any Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    model = try container.decode(String.self, forKey: .model)
                    token = try container.decodeIfPresent(Int.self, forKey: .token)
                    tokens = try container.decodeIfPresent([Int].self, forKey: .tokens)
                    prompt = try container.decodeIfPresent(String.self, forKey: .prompt)
                    blocks = try? container.decodeIfPresent(Int.self, forKey: .blocks)
                }

                enum CodingKeys: String, CodingKey { case model, token, tokens, prompt, blocks }
            }
            let sha256, text: String?
            let norm: Double?
            let partner: Partner?
            let read, written: Place?
        }
        let id, question: String
        let gold: [String]
        let prompts: [String: Prompt]
        let conditions: [String: Answer]
    }

    private func lines() throws -> [Line] {
        try String(contentsOf: temporary.file("run/samples_squad.jsonl"), encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    private func model(_ path: String) throws -> LoadedModel {
        try LoadedModel(path: path, on: try CPUDevice(threads: 1), computeType: .bfloat16, chat: true)
    }

    /// Half of a model's stream at the last of the tokens.
    private func vector(_ model: LoadedModel, _ tokens: [Int32], after blocks: Int) throws -> [Float] {
        try model.model.residualStreams(of: [tokens], at: ActivationSite(afterBlocks: blocks))[0].map { 0.5 * $0 }
    }

    @Test func `prompts stand as the models read them, with template and cut, each once`() throws {
        let inputs = try inputs()
        _ = try InProcessRun(inputs, in: temporary.file("run")).finish()
        let models = ["a": try model(a), "b": try model(b)]
        let items = inputs.tasks[0].prompts
        var cut = 0
        for (line, item) in zip(try lines(), items) {
            #expect(line.id == item.id && line.question.isEmpty == false && line.gold.isEmpty == false)
            for (name, prompt) in line.prompts {
                let model = try #require(models[prompt.model])
                #expect(prompt.text == model.tokenizer.decode(prompt.tokens, skipSpecialTokens: false), "\(name)")
                cut += prompt.omitted > 0 ? 1 : 0
            }
            // 72 positions, of which an answer has 32.
            for (name, role) in [("b_full", PromptRole.both), ("a_full", .both), ("silent", .b)] {
                let answer = try #require(line.conditions[name])
                let prompt = try #require(line.prompts[answer.prompt])
                let (text, model) = (try #require(item.prompts[role]), try #require(models[prompt.model]))
                let read = try model.prompt(text, newTokens: 32)
                #expect(prompt.tokens == read.tokens && prompt.omitted == read.omitted, "\(name)")
            }
            #expect(Set(line.prompts.values.map { "\($0.model) \($0.tokens)" }).count == line.prompts.count)
            #expect(line.conditions["a_full"]?.prompt == "a/a" && line.conditions["silent"]?.prompt == "b/b")
            #expect(line.prompts["a/a"]?.text.hasPrefix("<|begin_of_text|>") == true)
        }
        #expect(cut > 0)
    }

    @Test func `a message's digest and norm are those of what the tokens that it was read from give`() throws {
        _ = try InProcessRun(try inputs(), in: temporary.file("run")).finish()
        let (a, b) = (try model(a), try model(b))
        let lines = try lines()
        for line in lines {
            let own = try vector(a, try #require(line.prompts["a/a"]).tokens, after: 3)
            let injected = try #require(line.conditions["injected"]?.message)
            #expect(injected.sha256 == ContentHasher.digest(of: own).hex)
            #expect(injected.norm == own.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
            let read = try #require(injected.read)
            #expect(read.model == "a" && read.blocks == 3 && read.prompt == "a/a")
            #expect(read.token == line.prompts["a/a"].map { $0.tokens.count - 1 })
            let written = try #require(injected.written)
            #expect(written.model == "b" && written.blocks == 2)
            #expect(written.token == line.prompts["b/b"].map { $0.tokens.count - 1 })

            let itself = try #require(line.conditions["self"]?.message)
            let source = try #require(itself.read?.prompt.flatMap { line.prompts[$0] })
            #expect(source.model == "b" && itself.read?.blocks == 2)
            #expect(itself.sha256 == ContentHasher.digest(of: try vector(b, source.tokens, after: 2)).hex)

            for answer in try #require(line.conditions["other"]?.answers) {
                let message = try #require(answer.message)
                let partner = try #require(message.partner.map { lines[$0.docID] })
                #expect(partner.id == message.partner?.id && partner.id != line.id)
                #expect(message.sha256 == partner.conditions["injected"]?.message?.sha256)
                #expect(message.read?.token == partner.prompts["a/a"].map { $0.tokens.count - 1 })
            }
            #expect(line.conditions["zero"]?.message?.norm == 0 && line.conditions["zero"]?.message?.read == nil)
            #expect(line.conditions["random"]?.message?.read?.prompt == "a/a")
            #expect(line.conditions["matched"]?.message?.sha256 != nil && line.conditions["silent"]?.message == nil)
        }
    }

    @Test func `where messages end in templates they are read and written, and the files say at which tokens`() throws {
        let inputs = try inputs {
            $0.positions = TokenPositions(a: .contentEnd, b: .fromEnd(3))
            $0.matchesNorm = true
        }
        _ = try InProcessRun(inputs, in: temporary.file("run")).finish()
        let (a, b) = (try model(a), try model(b))
        for line in try lines() {
            let prompt = try #require(line.prompts["a/a"])
            let injected = try #require(line.conditions["injected"]?.message)
            let token = try #require(injected.read?.token)
            // Behind the message the template of A writes `>` and nothing else: a line break at its end is dropped.
            #expect(token == prompt.tokens.count - 2)
            #expect(a.tokenizer.decode(Array(prompt.tokens[...token]), skipSpecialTokens: false).hasSuffix("Answer:"))
            let own = try #require(line.prompts["b/b"])
            #expect(injected.written?.token == own.tokens.count - 3)
            let norm = try ReceiverNorm.medians(
                of: [own.tokens], in: b.model, at: [ActivationSite(afterBlocks: 2)],
                coordinates: a.folder.configuration.hiddenSize)[0][0]
            let made = Injection(
                site: ActivationSite(afterBlocks: 2),
                vectors: [
                    try a.model.residualStreams(
                        of: [Array(prompt.tokens[...token])], at: ActivationSite(afterBlocks: 3))[0]
                ], by: Condition.Delivery(.sum, strength: 0.5, matchesNorm: true), norm: norm,
                width: b.folder.configuration.hiddenSize)
            #expect(injected.sha256 == [made].digest && injected.norm == [made].norm)
            let itself = try #require(line.conditions["self"]?.message)
            let source = try #require(itself.read?.prompt.flatMap { line.prompts[$0] })
            #expect(itself.read?.token == source.tokens.count - 3)
            #expect(line.conditions["zero"]?.message?.norm == 0)
        }
        let page = try String(contentsOf: temporary.file("run/report.html"), encoding: .utf8)
        #expect(page.contains("at the last token of the message in the chat template, is written into"))
    }

    @Test func `of all tokens those that both prompts have are read and written, counted from the end`() throws {
        let inputs = try inputs {
            $0.chat = false
            $0.positions = TokenPositions(a: .all, b: .all)
        }
        _ = try InProcessRun(inputs, in: temporary.file("run")).finish()
        let a = try model(a)
        for line in try lines() {
            let (prompt, own) = (try #require(line.prompts["a/a"]), try #require(line.prompts["b/b"]))
            let count = min(prompt.tokens.count, own.tokens.count)
            let injected = try #require(line.conditions["injected"]?.message)
            #expect(injected.read?.tokens == [prompt.tokens.count - count, prompt.tokens.count - 1])
            #expect(injected.written?.tokens == [own.tokens.count - count, own.tokens.count - 1])
            let streams = try a.model.everyStream(of: [prompt.tokens], at: [ActivationSite(afterBlocks: 3)])[0][0]
            let values = streams.suffix(count).joined().map { 0.5 * $0 }
            #expect(injected.sha256 == ContentHasher.digest(of: values).hex)
            #expect(line.conditions["zero"]?.message?.written?.tokens == [0, own.tokens.count - 1])
        }
    }

    @Test func `of a message at several blocks all of them stand there, and its digest is of all of its vectors`()
        throws
    {
        let channel = try #require(Channel("3:2+1:4"))
        _ = try InProcessRun(try inputs { $0.channels = [channel] }, in: temporary.file("run")).finish()
        let (a, b) = (try model(a), try model(b))
        let text = try String(contentsOf: temporary.file("run/samples_squad.jsonl"), encoding: .utf8)
        #expect(text.contains(#""read":{"model":"a","blocks":[3,1],"#))
        #expect(text.contains(#""written":{"model":"b","blocks":[2,4],"#))
        for line in try lines() {
            let prompt = try #require(line.prompts["a/a"])
            let values = try vector(a, prompt.tokens, after: 3) + vector(a, prompt.tokens, after: 1)
            let injected = try #require(line.conditions["injected"]?.message)
            #expect(injected.sha256 == ContentHasher.digest(of: values).hex)
            let itself = try #require(line.conditions["self"]?.message)
            let source = try #require(itself.read?.prompt.flatMap { line.prompts[$0] })
            let own = try vector(b, source.tokens, after: 2) + vector(b, source.tokens, after: 4)
            #expect(itself.sha256 == ContentHasher.digest(of: own).hex)
        }
        let page = try String(contentsOf: temporary.file("run/report.html"), encoding: .utf8)
        #expect(
            page.contains("is written at several blocks at once: after block 3 into B after block 2, after block 1"))
    }

    @Test func `words that a model is told stand there, and in what it reads`() throws {
        _ = try InProcessRun(try inputs(), in: temporary.file("run")).finish()
        let lines = try lines()
        var told = 0
        for line in lines {
            let written = try #require(line.conditions["written"])
            let (text, prompt) = (try #require(written.message?.text), try #require(line.prompts[written.prompt]))
            // Of what is cut on the left the words go first.
            #expect(prompt.omitted > 0 || prompt.text.contains("[" + text + "\nQuestion:"))
            told += prompt.omitted == 0 && written.prompt == "b/written" ? 1 : 0
            let other = try #require(line.conditions["written_other"]?.message)
            let partner = try #require(other.partner.map { lines[$0.docID] })
            #expect(other.text == partner.conditions["written"]?.message?.text)
            let debate = try #require(line.conditions["debate"]?.answers)
            #expect(debate.map { line.prompts[$0.prompt]?.model } == ["b", "a"])
            #expect(debate.allSatisfy { $0.message?.text != nil })
        }
        #expect(told > 0)
    }

    @Test func `a worker that read something else is told so, and the item is asked again`() throws {
        let run = try InProcessRun(
            try inputs { $0.evaluation.conditions = ["b_full", "injected"] }, in: temporary.file("run"))
        var isFirst = true
        _ = try run.finish { result in
            guard isFirst, case .evaluate(var answers) = result else { return result }
            isFirst = false
            answers.items[0].answers[0].promptDigest = ContentHasher.digest(of: [Int32(1)]).hex
            return .evaluate(answers)
        }
        #expect(run.live.status(at: .seconds(2)).faults.contains { $0.what.contains("is not the prompt") })
    }

    @Test(
        arguments: [
            nil, .words("x"), .vector(digest: String(repeating: "0", count: 64), norm: 1),
        ] as [ToldMessage?])
    func `a message of another kind than the condition's, and zeros with a norm, are refused`(told: ToldMessage?) throws
    {
        let run = try InProcessRun(try inputs { $0.evaluation.conditions = ["zero"] }, in: temporary.file("run"))
        var isFirst = true
        _ = try run.finish { result in
            guard isFirst, case .evaluate(var answers) = result else { return result }
            isFirst = false
            answers.items[0].answers[0].told = told
            return .evaluate(answers)
        }
        let fault = try #require(run.live.status(at: .seconds(2)).faults.last?.what)
        #expect(fault.contains("norm 1.0") || fault.contains("condition zero tells a vector"), "\(fault)")
    }

    @Test func `where fewer others are there than are usual, those are taken and said, unless the flag asks for more`()
        throws
    {
        let few = try inputs {
            $0.evaluation.others = nil
            $0.evaluation.limit = 3
            $0.evaluation.conditions = nil
        }
        #expect(few.tasks[0].othersCount == 2 && few.tasks[0].others.map(\.count) == [2, 2, 2])
        let remark = try #require(few.remarks.first { $0.hasPrefix("squad: ") })
        #expect(remark.contains("2 of them instead of 4 stand behind other"), "\(remark)")
        #expect(throws: (any Error).self) {
            try inputs {
                $0.evaluation.others = 4
                $0.evaluation.limit = 3
            }
        }
        // Two items of one context: nobody's message can take the other's place.
        let file = temporary.file("pair.json")
        let questions = ["Who?", "Where?"].map {
            #"{"id": "\#($0)", "question": "\#($0)", "answers": [{"text": "Ann", "answer_start": 0}]}"#
        }
        try Data(
            #"{"data": [{"paragraphs": [{"context": "Ann is here.", "qas": [\#(questions.joined(separator: ","))]}]}]}"#
                .utf8
        ).write(to: file)
        func pair(_ conditions: [String]?) throws -> RunInputs {
            try inputs {
                $0.evaluation.files = ["squad": [file.path]]
                $0.evaluation.others = nil
                $0.evaluation.conditions = conditions
            }
        }
        #expect(try pair(nil).tasks[0].conditions.map(\.name).contains("injected"))
        #expect(try !pair(nil).tasks[0].conditions.map(\.name).contains("other"))
        #expect(try pair(nil).remarks.contains { $0.contains("other cannot be asked") })
        #expect(throws: (any Error).self) { try pair(["injected", "other"]) }
    }
}
