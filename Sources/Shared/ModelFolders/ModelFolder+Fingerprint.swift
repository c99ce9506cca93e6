import Foundation
package import Storage

extension ModelFolder {
    /// The files, weights apart, that what a model computes, reads or writes may depend on.
    private static let descriptions = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "chat_template.jinja", "chat_template.json", "model.safetensors.index.json",
    ]

    /// A SHA-256 digest that tells models apart: of the names and the whole contents of the weight files and of
    /// whatever of the files is there that say how the model is asked and what it is made of.
    package func fingerprint(_ digests: FileDigests = FileDigests()) throws(StorageError) -> Digest {
        let files = Self.descriptions.map { url.appendingPathComponent($0) }.filter(BoundedFile.exists) + weightFiles
        var hasher = ContentHasher()
        for (file, digest) in zip(files, try digests.digests(ofFilesAt: files)) {
            hasher.update("\(file.lastPathComponent)\u{0}")
            hasher.update(digest.bytes)
        }
        return hasher.finish()
    }

    /// Begins to take the fingerprint on other threads: a large model's takes as long as reading it.
    package func beginFingerprint() -> Background.Work<Digest> {
        Background.begin { [self] in try fingerprint() }
    }
}
