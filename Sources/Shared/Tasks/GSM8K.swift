import Datasets
package import Evaluation
import Run

extension TaskDefinition {
    /// GSM8K (Cobbe et al., 2021), the number read in the two ways of the language-model evaluation harness.
    ///
    /// `standard`: up to 256 new tokens, to the next `Question:` or to an end of text or turn that is written out, as the
    /// harness has them; `reference`: 10, whatever they are.
    package static let gsm8k = TaskDefinition(
        name: "gsm8k", title: "GSM8K", fileHelp: "GSM8K file (JSON lines)",
        read: { source in
            let dataset = try GSM8KDataset(file: source.plainFile(of: "gsm8k"))
            return TaskData(
                items: dataset.items.map { TaskItem(id: $0.id, question: $0.question, golds: [$0.gold]) },
                remarks: dataset.broken.remarks)
        },
        prompts: Prompts.questionAnswering,
        answer: { preset in
            switch preset {
            case .standard:
                .text(GenerationLimits(maximumNewTokens: 256, stopStrings: ["Question:", "</s>", "<|im_end|>"]))
            case .reference: .text(GenerationLimits(maximumNewTokens: 10))
            }
        },
        metrics: [.strictMatch, .flexibleMatch])
}
