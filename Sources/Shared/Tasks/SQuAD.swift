import Datasets
package import Evaluation
import Run

extension TaskDefinition {
    /// SQuAD v1.1 (Rajpurkar et al., 2016), scored as its official script does. The questions on one paragraph are a
    /// cluster.
    ///
    /// `standard`: up to 32 new tokens, to the newline; `reference`: 5, whatever they are.
    package static let squad = TaskDefinition(
        name: "squad", title: "SQuAD v1.1", fileHelp: "SQuAD v1.1 file",
        read: { try TaskDefinition.squadData(of: $0.plainFile(of: "squad")) },
        prompts: Prompts.questionAnswering,
        answer: { preset in
            switch preset {
            case .standard: .text(GenerationLimits(maximumNewTokens: 32, stopStrings: ["\n"]))
            case .reference: .text(GenerationLimits(maximumNewTokens: 5))
            }
        },
        metrics: [.exactMatch, .f1],
        train: TrainSplit(fileHelp: "SQuAD v1.1's train file", read: { try TaskDefinition.squadData(of: $0.file) }))

    private static func squadData(of file: String) throws -> TaskData {
        TaskData(
            items: try SQuADDataset(file: file).items.map {
                TaskItem(id: $0.id, cluster: $0.context, context: $0.context, question: $0.question, golds: $0.golds)
            })
    }
}
