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
        shape = nil
        self.dimensionA = dimensionA
        self.dimensionB = dimensionB
        activations = nil
        (readers, keptReadings, references) = (nil, [], [])
        textBytesPerToken = nil
        modelBytes = 0
        remarks = []
        projections = []
        let textCount = configuration.training.rows
        (texts, promptReading) = ((0..<textCount).map { "text \($0)" }, nil)
        similarityLayers = configuration.channels.map { _ in [] }
        let task = TaskDefinition(
            name: "simulated", title: "simulated", fileHelp: "none", read: { _ in TaskData(items: []) },
            prompts: { ItemPrompts(a: $0.id, both: $0.id, question: $0.id, cue: $0.id) },
            answer: { _ in .text(GenerationLimits(maximumNewTokens: 1)) }, metrics: [])
        let prompts = items.map { EvaluationItem(id: $0, prompts: [.a: $0, .b: $0, .cue: $0]) }
        let conditions = ["injected", "no_context"].compactMap(ConditionTable.standard.definition)
        tasks = [
            TaskInputs(
                task: task, items: items.map { TaskItem(id: $0, question: $0, golds: [$0]) },
                originalCount: items.count, prompts: prompts,
                conditions: conditions, others: [], othersCount: 1,
                asked: AskedConditions(conditions, of: prompts, others: 1),
                gates: AskedGates(beside: [], of: []), sample: [], form: task.answer(.standard))
        ]
        let run = "simulated"
        manifest = RunManifest(named: run, configuration: configuration)
        let channels = configuration.channels
        plan = RunPlan(
            run: run,
            stages: [
                StagePlan(.extract, .ranges(of: textCount, size: textsPerUnit)),
                StagePlan(.train, .steps(Self.schedule(configuration)), channels: 1),
                StagePlan(
                    .evaluate(task: task.name), .ranges(of: items.count, size: itemsPerUnit, times: channels.count),
                    channels: channels.count),
            ], channels: channels, fingerprintA: "a", fingerprintB: "b", dimensionA: dimensionA, dimensionB: dimensionB)
    }
}
