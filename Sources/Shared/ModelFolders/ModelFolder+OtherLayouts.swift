import Foundation
import PlainText

/// What people have in place of a folder of Hugging Face's layout: said by its name, with the one command that helps.
extension ModelFolder {
    /// Refuses a folder that holds a model in another form. It is asked where config.json or the weights are missing.
    static func refuseOtherLayout(of folder: URL) throws(ModelFolderError) {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        if names.contains("adapter_config.json") {
            throw .otherLayout(
                path: folder.path, found: "a LoRA adapter (adapter_config.json), which is no model by itself",
                remedy: "merge it into its model: \(mergingCommand(for: folder.path))")
        }
        if let file = names.first(where: { $0.hasPrefix("consolidated.") || $0 == "params.json" }) {
            throw .otherLayout(
                path: folder.path, found: "the publisher's own layout (\(file)), not Hugging Face's",
                remedy: remedyOfConsolidated(folder))
        }
        if let file = names.first(where: { $0.hasSuffix(".gguf") }) {
            throw .otherLayout(
                path: folder.path, found: "holds a GGUF file (\(PrintableText.quoted(file)))",
                remedy: ForeignFile.gguf.remedy(for: folder.path))
        }
    }

    /// Refuses a file that is named where a folder should be.
    static func refuseFile(_ path: String) throws(ModelFolderError) {
        let url = URL(fileURLWithPath: path)
        guard BoundedFile.exists(url) else { return }
        _ = try BoundedFile.size(of: url)
        let handle = try? FileHandle(forReadingFrom: url)
        defer { try? handle?.close() }
        if let start = try? handle?.read(upToCount: ForeignFile.signatureBytes),
            let kind = ForeignFile(firstBytes: start)
        {
            throw .otherLayout(path: path, found: kind.title, remedy: kind.remedy(for: path))
        }
        throw .otherLayout(
            path: path, found: "a file, not a model's folder", remedy: "name the folder that holds config.json")
    }

    private static func mergingCommand(for path: String) -> String {
        "python3 -c \"import sys; from peft import AutoPeftModelForCausalLM as M; "
            + "from transformers import AutoTokenizer as T; m = M.from_pretrained(sys.argv[1], dtype='auto'); "
            + "T.from_pretrained(m.peft_config['default'].base_model_name_or_path).save_pretrained(sys.argv[2]); "
            + "m.merge_and_unload().save_pretrained(sys.argv[2])\" "
            + "\(ShellText.quoted(path)) \(ShellText.quoted(path + "-merged"))"
    }

    /// The hub keeps this layout in a folder `original` of the one that is wanted.
    private static func remedyOfConsolidated(_ folder: URL) -> String {
        let above = folder.standardizedFileURL.deletingLastPathComponent()
        return BoundedFile.exists(above.appendingPathComponent("config.json"))
            ? "name the folder above it: \(above.path)"
            : "take the model in Hugging Face's layout: hf download OWNER/NAME"
    }
}
