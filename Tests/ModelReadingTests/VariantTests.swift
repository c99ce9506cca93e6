import CPUDevice
import Devices
import Foundation
import ModelFolders
import ModelReading
import Models
import Run
import TestSupport
import Testing
import Tokenization

/// Whatever publishers and tools leave in a folder, it is read as transformers reads it.
struct VariantTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    @Test func `there are thirty-three variants of a model's folder`() {
        #expect(Variants.recorded.models.count == 33)
    }

    @Test(arguments: Variants.recorded.models)
    func `a variant's logits are transformers'`(_ variant: Variants.ModelVariant) throws {
        let folder = try ModelFolder(path: try variant.change.folder(in: temporary).path)
        let model = try LanguageModel.load(folder, on: CPUDevice(threads: 1), computeType: .float32)
        let logits = try model.trace(of: Variants.recorded.ids).logits
        let found = stride(from: 0, to: logits.count, by: 8).map { logits[$0] }
        #expect(found.count == variant.everyEighth.count)
        let error = zip(found, variant.everyEighth).map { abs($0 - $1) }.max() ?? .infinity
        #expect(error < 1e-3, "\(error)")
        #expect(logits.firstIndex(of: logits.max() ?? 0) == variant.argmax)
        #expect(abs((logits.max() ?? 0) - variant.max) < 1e-3)
    }

    @Test(arguments: Variants.recorded.tokens)
    func `special tokens, ids and texts are transformers'`(_ variant: Variants.TokenVariant) throws {
        let folder = try variant.change.folder(in: temporary)
        let tokenizer = try Tokenizer(folder: folder)
        let figures = variant.figures
        #expect(tokenizer.namedTokens == figures.namedTokens)
        for (text, (ids, decoded)) in zip(Variants.recorded.texts, zip(figures.ids, figures.texts)) {
            #expect(tokenizer.encode(text, addSpecialTokens: false) == ids, "\(text)")
            #expect(tokenizer.decode(ids) == decoded, "\(text)")
        }
        // An empty token is none; transformers takes the one for unknown texts in its place.
        if figures.namedTokens["bos_token"] != "" { #expect(tokenizer.bosTokenID == figures.bos) }
        #expect(tokenizer.eosTokenID == figures.eos)
    }

    @Test(arguments: Variants.recorded.tokens)
    func `a text ends where generation_config, config or tokenizer says so`(_ variant: Variants.TokenVariant) throws {
        let model = try ReadableModel(path: try variant.change.folder(in: temporary).path)
        let figures = variant.figures
        // Transformers' configuration has the family's own token where the file has none: that counts where nothing else
        // does.
        let own = variant.change.hasEndTokens ? figures.configurationEnds : []
        let standard = figures.generationEnds == nil && !variant.change.hasEndTokens ? figures.configurationEnds : []
        let vocabulary = Int32(model.folder.configuration.vocabularySize)
        let tokenizer = figures.eos.map { [$0] }?.filter { $0 < vocabulary } ?? []
        #expect(Set(model.endTokens.ids) == Set((figures.generationEnds ?? []) + own + standard + tokenizer))
        for id in tokenizer { #expect(model.endTokens.sources(of: id).contains(.tokenizer)) }
        for id in own { #expect(model.endTokens.sources(of: id).contains(.configuration)) }
        for id in standard { #expect(model.endTokens.sources(of: id).contains(.family)) }
    }

    @Test func `a tokenizer's class names the tokens that no file names`() throws {
        #expect(Variants.recorded.classes.count == 100)
        for variant in Variants.recorded.classes {
            let folder = try temporary.folder()
            let source = Repository.fixture("Families/\(variant.base)/tokenizer.json")
            try Data(contentsOf: source).write(to: folder.appendingPathComponent("tokenizer.json"))
            try Data(#"{"model_type":"\#(variant.modelType)"}"#.utf8)
                .write(to: folder.appendingPathComponent("config.json"))
            let named = variant.tokenizerClass.map { #"{"tokenizer_class":"\#($0)"}"# } ?? "{}"
            try Data(named.utf8).write(to: folder.appendingPathComponent("tokenizer_config.json"))
            let tokens = try Tokenizer(folder: folder).namedTokens
            #expect(tokens == variant.namedTokens, "\(variant)")
        }
    }

    @Test func `a head of its own is told of, and one under two names refused`() throws {
        func change(_ name: String) throws -> FolderChange {
            try #require(Variants.recorded.models.first { $0.change.name == name }).change
        }
        let own = try StoredModel(
            ModelFolder(path: try change("tied, with a head of its own").folder(in: temporary).path))
        #expect(own.remark?.contains("lm_head.weight is not the embedding") == true)
        #expect(!own.configuration.tiedEmbeddings)
        let same = try StoredModel(
            ModelFolder(path: try change("tied, with a head that is the embedding").folder(in: temporary).path))
        #expect(same.remark == nil && same.configuration.tiedEmbeddings)
    }

    @Test func `a variable, a date and an end of thoughts are the settings'`() throws {
        let folder = try temporary.folder()
        let source = Repository.fixture("Families/qwen3")
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            try Data(contentsOf: source.appendingPathComponent(name)).write(to: folder.appendingPathComponent(name))
        }
        let template =
            "{{ strftime_now('%d %b %Y') }} "
            + "{{ '' if enable_thinking is defined and not enable_thinking else '<think>' }}"
        try Data(template.utf8).write(to: folder.appendingPathComponent("chat_template.jinja"))
        var settings = ReadingSettings(templateDate: "2026-02-03", thinkEnd: "<|im_end|>")
        let thinking = try ReadableModel(path: folder.path, chat: true, settings: settings)
        #expect(try thinking.template?.prompt(user: "x") == "03 Feb 2026 <think>")
        #expect(thinking.thinkEnd == 339 && thinking.thinkingRemark(settings) == nil)
        settings.templateVariables["enable_thinking"] = "false"
        settings.thinkEnd = nil
        let plain = try ReadableModel(path: folder.path, chat: true, settings: settings)
        #expect(try plain.template?.prompt(user: "x") == "03 Feb 2026 ")
        #expect(plain.thinkEnd == nil && plain.thinkingRemark(settings) == nil)
        settings.templateVariables = [:]
        let warned = try #require(plain.thinkingRemark(settings))
        #expect(warned.contains("--template-variable enable_thinking=false") && warned.contains("--think-end"))
        settings.templateDate = nil
        let error = #expect(throws: (any Error).self) {
            try ReadableModel(path: folder.path, chat: true, settings: settings)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("--template-date"))
    }
}
