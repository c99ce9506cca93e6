import Evaluation
import Run
import Testing

@testable import Tasks

struct TaskDefinitionTests {
    @Test func `names are unique, no stage's, and fit for flags and files`() {
        let names = TaskDefinition.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(Stage(rawValue: name) == .evaluate(task: name))
            #expect(Experiment(rawValue: name) == .evaluate(task: name))
            #expect(name.utf8.allSatisfy { (0x61...0x7a) ~= $0 || (0x30...0x39) ~= $0 || $0 == 0x2d || $0 == 0x5f })
        }
        #expect(TaskDefinition.all.allSatisfy { !$0.metrics.isEmpty })
    }

    @Test func `answers end where each task's protocol says`() {
        func limits(_ task: TaskDefinition, _ preset: EvaluationProtocol) -> GenerationLimits? {
            if case .text(let limits) = task.answer(preset) { limits } else { nil }
        }
        #expect(limits(.squad, .standard) == GenerationLimits(maximumNewTokens: 32, stopStrings: ["\n"]))
        // lm-evaluation-harness 0.4.13, gsm8k.yaml: until.
        #expect(
            limits(.gsm8k, .standard)
                == GenerationLimits(maximumNewTokens: 256, stopStrings: ["Question:", "</s>", "<|im_end|>"]))
        #expect(limits(.squad, .reference) == GenerationLimits(maximumNewTokens: 5))
        #expect(limits(.gsm8k, .reference) == GenerationLimits(maximumNewTokens: 10))
    }
}
