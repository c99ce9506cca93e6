import Evaluation
import ModelFolders

extension ModelShape {
    init(_ configuration: ModelConfiguration) {
        self.init(
            vocabulary: configuration.vocabularySize, width: configuration.hiddenSize,
            blocks: configuration.blockCount, heads: configuration.headCount,
            keyValueHeads: configuration.keyValueHeadCount, headWidth: configuration.headDimension,
            feedForward: configuration.feedForwardSize)
    }
}
