import Foundation
package import ModelFolders
package import Weights

/// A model as its files really hold it: what `config.json` says of the output head, and the names of the tensors, give
/// way to what is there, as they do in transformers 5.
package struct StoredModel: Sendable {
    /// That of the folder, but for ``ModelConfiguration/tiedEmbeddings``.
    package let configuration: ModelConfiguration
    /// Tensors by the names that ``ModelLayout`` gives them.
    package let weights: WeightFiles
    /// What a user must know of it, on one line.
    package let remark: String?

    private static let embedding = "model.embed_tokens.weight"
    private static let head = "lm_head.weight"

    /// Opens the folder's files and reads their headers.
    ///
    /// - Throws: `WeightError` where a file is damaged, or has a tensor under two names.
    package init(_ folder: ModelFolder) throws(WeightError) {
        let files = try WeightFiles(folder.weightFiles)
        // Whether or not there is to be a head, one that is there must be found.
        let (tied, names) = (folder.configuration.tiedEmbeddings, try Self.names(folder.configuration.untied, files))
        var weights = files.renaming(names)
        let hasHead = files.contains(weights.storedName(of: Self.head))
        if tied, hasHead, !files.contains(weights.storedName(of: Self.embedding)) {
            weights = weights.renaming([Self.embedding: weights.storedName(of: Self.head)])
        }
        var isOwn = tied && hasHead
        if isOwn { isOwn = try !Self.isEmbedding(weights, folder.configuration) }
        self.weights = weights
        configuration = isOwn ? folder.configuration.untied : folder.configuration
        remark =
            isOwn
            ? "\(weights.storedName(of: Self.head)) is not the embedding, though config.json says that they are tied; the "
                + "file's is taken, as transformers does" : nil
    }

    /// What the tensors are called whose names are not those of the layout: the part `model.` may be missing, or be too
    /// much.
    private static func names(
        _ configuration: ModelConfiguration, _ files: WeightFiles
    ) throws(WeightError) -> [String: String] {
        let prefix = "model."
        var names: [String: String] = [:]
        for tensor in ModelLayout(configuration).tensors {
            let name = tensor.name
            let other = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : prefix + name
            guard files.contains(other) else { continue }
            guard !files.contains(name) else {
                throw .invalidTensor(
                    path: files.files[0].url.path, tensor: other, reason: "\(name) is there too, and means the same")
            }
            names[name] = other
        }
        return names
    }

    /// Whether the stored head has the embedding's very bytes.
    private static func isEmbedding(
        _ weights: WeightFiles, _ configuration: ModelConfiguration
    ) throws(WeightError) -> Bool {
        let stored = [head, embedding].map(weights.storedName)
        if stored[0] == stored[1] { return true }
        let shape = [configuration.vocabularySize, configuration.hiddenSize]
        let (head, embedding) = (
            try weights.tensor(Self.head, shape: shape), try weights.tensor(Self.embedding, shape: shape)
        )
        guard head.scalar == embedding.scalar else { return false }
        return head.withBytes { left in
            embedding.withBytes { right in
                guard let some = left.baseAddress, let other = right.baseAddress else { return true }
                return left.count == right.count && memcmp(some, other, left.count) == 0
            }
        }
    }
}
