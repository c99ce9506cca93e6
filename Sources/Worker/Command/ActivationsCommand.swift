import ActivationFiles
import ArgumentParser
import Console
import Devices
import Foundation
import Models
import Run

struct ActivationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activations", abstract: "Write a prompt's activations at one of its tokens, or all, to a file.",
        discussion: """
            The residual stream after each given number of blocks (0 is the embedding), as tensors 'layer.<k>' of \
            float32: what Hugging Face transformers calls hidden_states[k], before the final norm.
            """)

    @OptionGroup var model: ModelArguments

    @OptionGroup var prompt: PromptArguments

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The token that is read: -1 is the last, -2 the one before; content is the message's last, under --chat; "
                + "all writes [tokens, d].",
            valueName: "p"))
    var position = TokenPosition.last

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Block counts, with spaces or commas between them.", valueName: "k"))
    var layer: [ValueList<Int>]

    @Option(
        help: ArgumentHelp("The safetensors file to write.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var output: String

    func run() async throws {
        let loaded = try model.load(chat: prompt.chat, template: prompt.template)
        let blocks = loaded.folder.configuration.blockCount
        let layers = Set(layer.elements()).sorted()
        guard let first = layers.first, let last = layers.last, first >= 0, last <= blocks else {
            throw UsageError("--layer: \(model.model) has \(blocks) blocks; expected 0 to \(blocks)")
        }
        let whole = try prompt.tokens(for: loaded)
        let tokens = try Array(whole.prefix(prompt.places(of: position, in: whole, for: loaded).upperBound))
        let cache = try loaded.model.makeCache(through: ActivationSite(afterBlocks: last))
        let outputs = try loaded.model.step([
            SequenceStep(
                cache: cache, tokens: tokens, readings: layers.map { ActivationSite(afterBlocks: $0) },
                readsEveryToken: position == .all, head: .none)
        ])
        let names = try ActivationFile.write(
            zip(layers, outputs[0].activations).map { (afterBlocks: $0, values: $1) },
            tokens: position == .all ? tokens.count : nil,
            metadata: [
                "model": (model.model as NSString).lastPathComponent, "fingerprint": loaded.fingerprint,
                "prompt": prompt.text(of: whole, by: loaded), "tokens": tokens.map(String.init).joined(separator: " "),
            ],
            to: URL(fileURLWithPath: output))
        Terminal.error.writeLine("wrote \(names.joined(separator: ", ")) to \(output)")
    }
}
