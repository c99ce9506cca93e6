import CoordinatorControl
import Evaluation
package import Run

extension RunInputs {
    /// A run without models, for simulations: so many texts, and items of one task, whose contents are their names.
    package init(
        simulated configuration: RunConfiguration, dimensionA: Int, dimensionB: Int, textsPerUnit: Int,
        items: [String], itemsPerUnit: Int
    ) {
        self.configuration = configuration
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        activations = nil
        modelBytes = 0
        remarks = []
        let textCount = configuration.training.rows
        texts = (0..<textCount).map { "text \($0)" }
        tasks = [
            .squad: TaskInputs(
                items: items.map { TaskItem(id: $0, context: nil, question: $0, golds: [$0]) },
                prompts: items.map {
                    EvaluationItem(id: $0, fullPrompt: $0, bPrompt: $0, cue: $0, partnerPrompt: $0)
                },
                conditions: [.injected, .noContext],
                limits: GenerationLimits(maximumNewTokens: 1, stopStrings: []))
        ]
        let run = "simulated"
        manifest = RunManifest(
            software: "simulated", run: run, configuration: configuration, modelA: "a", modelB: "b", data: [:],
            deviceKind: nil)
        let channels = configuration.channels
        plan = RunPlan(
            run: run,
            stages: [
                StagePlan(.extract, .ranges(of: textCount, size: textsPerUnit)),
                StagePlan(.train, .steps(Self.schedule(configuration)), channels: 1),
                StagePlan(
                    Stage(.squad), .ranges(of: items.count, size: itemsPerUnit, times: channels.count),
                    channels: channels.count),
            ], channels: channels, fingerprintA: "a", fingerprintB: "b", dimensionA: dimensionA, dimensionB: dimensionB)
    }
}
